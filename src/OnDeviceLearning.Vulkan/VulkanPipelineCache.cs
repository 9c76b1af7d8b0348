using System.Security.Cryptography;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>
/// The driver's compiled pipelines, kept on disk under driver, device and shaders. A driver must refuse what it did not
/// write, but is not to be trusted with damaged bytes: a checksum stands in front. Whatever goes wrong with the file, the
/// pipelines are compiled anew.
/// </summary>
internal sealed unsafe class VulkanPipelineCache
{
    private const int LargestFile = 64 << 20;

    private readonly VulkanApi api;
    private readonly Device device;
    private readonly string? file;
    private readonly byte[] loaded;

    public VulkanPipelineCache(VulkanApi api, Device device, string? file)
    {
        this.api = api;
        this.device = device;
        this.file = file;
        loaded = Load(file);
        PipelineCache handle;
        fixed (byte* data = loaded)
        {
            PipelineCacheCreateInfo info = new() { SType = StructureType.PipelineCacheCreateInfo, InitialDataSize = (nuint)loaded.Length, PInitialData = data };
            api.Check(api.Vk.CreatePipelineCache(device, &info, null, &handle), "vkCreatePipelineCache");
        }
        Handle = handle;
    }

    public PipelineCache Handle { get; }

    /// <summary>Where the pipelines of a driver and a set of shaders are kept; null for nowhere.</summary>
    public static string? FileFor(string? folder, string driverId, string shaderHash)
    {
        if (folder is null)
        {
            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            folder = data.Length == 0 ? "" : Path.Combine(data, "OnDeviceLearning", "vulkan");
        }
        return folder.Length == 0 ? null : Path.Combine(folder, $"{driverId}-{shaderHash[..16]}.pipelines");
    }

    /// <summary>Writes the file anew if there is more in the cache than was read.</summary>
    public void Save()
    {
        if (file is null || api.IsLost) return;
        nuint size = 0;
        if (api.Vk.GetPipelineCacheData(device, Handle, &size, null) != Result.Success || size == 0 || size > LargestFile) return;
        byte[] data = new byte[size];
        fixed (byte* pointer = data)
            if (api.Vk.GetPipelineCacheData(device, Handle, &size, pointer) != Result.Success) return;
        if (data.AsSpan().SequenceEqual(loaded)) return;
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using (FileStream stream = File.Create(temporary))
            {
                stream.Write(SHA256.HashData(data));
                stream.Write(data);
            }
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A start that compiles again is slower and nothing else.
            TryDelete(temporary);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In nobody's way.
        }
    }

    public void Destroy() => api.Vk.DestroyPipelineCache(device, Handle, null);

    private static byte[] Load(string? file)
    {
        try
        {
            if (file is null || !File.Exists(file) || new FileInfo(file).Length is <= SHA256.HashSizeInBytes or > LargestFile) return [];
            byte[] bytes = File.ReadAllBytes(file);
            byte[] data = bytes[SHA256.HashSizeInBytes..];
            return SHA256.HashData(data).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)) ? data : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return [];
        }
    }
}
