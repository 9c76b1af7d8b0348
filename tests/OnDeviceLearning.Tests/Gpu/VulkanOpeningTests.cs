using System.Security.Cryptography;
using OnDeviceLearning.Devices.Vulkan;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Tests.Gpu;

public sealed class VulkanOpeningTests
{
    /// <summary>A set with one kernel that no device can run.</summary>
    private static VulkanOptions Impossible(int threads, int shared) => new()
    {
        PipelineCacheFolder = "",
        Shaders = (new GpuKernelSet(new Dictionary<string, GpuKernel> { ["Huge"] = new("Huge", threads, 1, 1, [], [], shared) }, (_, _) => throw new NotSupportedException()), _ => []),
    };

    [Fact]
    public void Without_a_loader_it_says_what_to_install() =>
        Assert.Contains("install the driver of the GPU", Assert.Throws<DeviceException>(() => VulkanApi.Load(null, () => throw new FileNotFoundException())).Message);

    [VulkanTheory]
    [InlineData(Silk.NET.Vulkan.Result.ErrorOutOfDeviceMemory, "use a smaller batch or free memory of the game")]
    [InlineData(Silk.NET.Vulkan.Result.ErrorTooManyObjects, "dispose programs and backbones")]
    [InlineData(Silk.NET.Vulkan.Result.ErrorInitializationFailed, "failed with ErrorInitializationFailed; a newer driver may help")]
    public void A_call_that_fails_says_what_would_help(Silk.NET.Vulkan.Result result, string part)
    {
        VulkanApi api = VulkanApi.Load(null);
        string message = Assert.Throws<DeviceException>(() => api.Check(result, "vkAllocateMemory")).Message;
        Assert.Contains("vkAllocateMemory", message);
        Assert.Contains(part, message);
        Assert.False(api.IsLost);
    }

    [VulkanFact]
    public void A_software_driver_is_opened_by_name_only()
    {
        if (!Vulkan.Devices().Any(d => d.Kind == DeviceKind.SoftwareGpu)) return; // a machine without one has nothing to prefer wrongly
        if (Vulkan.Provider.TryOpen(out ComputeDevice? best, out string reason)) Assert.NotEqual(DeviceKind.SoftwareGpu, best.Kind);
        else Assert.Contains("is a software driver, which is opened by name only", reason);
        best?.Dispose();
        VulkanDeviceInfo software = Vulkan.Devices().First(d => d.Kind == DeviceKind.SoftwareGpu);
        using ComputeDevice named = Vulkan.Open(software.Name[..5].ToUpperInvariant(), new VulkanOptions { PipelineCacheFolder = "" });
        Assert.Equal(DeviceKind.SoftwareGpu, named.Kind);
    }

    [VulkanFact]
    public void A_name_that_no_device_has_lists_those_there_are()
    {
        string message = Assert.Throws<DeviceException>(() => Vulkan.Open("Voodoo 2")).Message;
        Assert.Contains("no device is named 'Voodoo 2'", message);
        Assert.Contains(Vulkan.Devices()[0].Name, message);
        Assert.Throws<ArgumentException>(() => Vulkan.Open(" "));
    }

    [Theory]
    [InlineData(1, 0, 0, 128u, "it speaks Vulkan 1.0; 1.1 is needed")]
    [InlineData(1, 1, -1, 128u, "no queue that can compute")]
    [InlineData(1, 1, 0, 64u, "it has 64 bytes of push constants")]
    [InlineData(1, 1, 0, 128u, null)]
    public void A_device_that_cannot_compute_says_why(int major, int minor, int computeFamily, uint pushConstants, string? part)
    {
        string? reason = VulkanPhysicalDevice.Unusable((uint)(major << 22 | minor << 12), computeFamily, pushConstants, GpuLimits.Guaranteed, GpuKernelSet.Embedded);
        if (part is null) Assert.Null(reason);
        else Assert.Contains(part, reason);
    }

    [VulkanTheory]
    [InlineData(1 << 20, 0, "kernel Huge needs 1048576 threads in a group; the device allows ")]
    [InlineData(1, 1 << 30, "kernel Huge needs 1073741824 bytes of group-shared memory; the device has ")]
    public void Limits_too_small_for_a_kernel_are_named_and_the_next_provider_is_asked(int threads, int shared, string part)
    {
        VulkanOptions options = Impossible(threads, shared);
        Assert.Contains(part, Assert.Throws<DeviceException>(() => Vulkan.Open(Vulkan.Devices()[0].Name, options)).Message);
        using ComputeDevice device = ComputeDevice.Open(Vulkan.ProviderWith(options));
        Assert.Equal(DeviceKind.Cpu, device.Kind);
        Assert.Contains(part, device.OpenReport[0]);
        Assert.All(Vulkan.Devices(options), d => Assert.False(d.IsUsable));
    }

    [VulkanFact]
    public void Compiled_pipelines_are_kept_and_damaged_ones_are_compiled_anew()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var options = new VulkanOptions { PipelineCacheFolder = folder };
            Run(options);
            string file = Assert.Single(Directory.GetFiles(folder));
            byte[] whole = File.ReadAllBytes(file);
            AssertWhole(whole);

            byte[] damaged = (byte[])whole.Clone();
            damaged[^1] ^= 1;
            byte[] garbage = new byte[500], foreign = [.. SHA256.HashData(garbage), .. garbage];
            foreach (byte[] bad in (byte[][])[damaged, foreign, [1, 2, 3], []])
            {
                File.WriteAllBytes(file, bad);
                Run(options);
                AssertWhole(File.ReadAllBytes(file));
            }
            // A folder that cannot be made costs nothing but the time to compile.
            Run(options with { PipelineCacheFolder = Path.Combine(file, "below a file") });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static void AssertWhole(byte[] cache)
        {
            Assert.True(cache.Length > SHA256.HashSizeInBytes);
            Assert.Equal(cache[..SHA256.HashSizeInBytes], SHA256.HashData(cache.AsSpan(SHA256.HashSizeInBytes)));
        }

        static void Run(VulkanOptions options)
        {
            using ComputeDevice device = TestDevices.OpenVulkan(options);
            DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
            using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
            float[] values = VulkanPrograms.Numbers();
            x.Write(values);
            program.Run();
            VulkanPrograms.AssertTripled(values, y);
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VulkanOptions { MemoryCapBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VulkanOptions { GpuShare = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VulkanOptions { GpuShare = 1.1 });
    }
}
