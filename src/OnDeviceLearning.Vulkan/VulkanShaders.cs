using System.Security.Cryptography;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>The SPIR-V of kernels, as <c>shaders/Compiler</c> wrote it.</summary>
internal static class VulkanShaders
{
    /// <summary>The SPIR-V of a kernel of this library.</summary>
    public static byte[] Embedded(string kernel)
    {
        using Stream stream = typeof(VulkanShaders).Assembly.GetManifestResourceStream($"{kernel}.spv")
            ?? throw new InvalidOperationException($"The SPIR-V of kernel '{kernel}' is missing. Compile the shaders anew: shaders/README.md.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Changes where any kernel's SPIR-V does.</summary>
    public static string Hash(GpuKernelSet kernels, Func<string, byte[]> code)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in kernels.Kernels.Keys.Order(StringComparer.Ordinal)) hash.AppendData(code(name));
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }
}
