using System.Diagnostics.CodeAnalysis;
using ComputeSharp;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>Finds and opens adapters. ComputeSharp lists those with feature level 11.0 and opens those of them with shader model 6.</summary>
internal static class DirectX12Adapters
{
    private const string NoShaderModel = "its driver has no shader model 6, which a newer one may bring";

    public static bool TryOpen(DirectX12Options options, [NotNullWhen(true)] out ComputeDevice? device, out string reason)
    {
        device = null;
        List<string> refused = [];
        try
        {
            List<GraphicsDeviceInfo> tried = [];
            foreach (GraphicsDevice graphics in GraphicsDevice.QueryDevices(info => Note(tried, info) && info.IsHardwareAccelerated))
            {
                tried.RemoveAll(info => info.Luid == graphics.Luid);
                try
                {
                    device = Create(graphics, options);
                    break;
                }
                catch (DeviceException e)
                {
                    refused.Add(e.Message.TrimEnd('.'));
                }
            }
            if (device is null)
            {
                foreach (GraphicsDeviceInfo info in tried)
                    refused.Add(info.IsHardwareAccelerated ? $"{Name(info)}: {NoShaderModel}" : $"{Name(info)} computes on the CPU and is opened by name only");
                if (refused.Count == 0) refused.Add("no adapter here has feature level 11.0");
            }
        }
        catch (Exception e) when (DirectX12Failure.NoDirect3D(e) is not null)
        {
            refused.Add(DirectX12Failure.NoDirect3D(e)!);
        }
        reason = device is null ? string.Join("; ", refused) : device.Name;
        return device is not null;
    }

    public static ComputeDevice Open(string name, DirectX12Options options)
    {
        List<GraphicsDeviceInfo> found = [];
        GraphicsDevice? named;
        try
        {
            named = GraphicsDevice.QueryDevices(info => Note(found, info) && Name(info).Contains(name, StringComparison.OrdinalIgnoreCase)).FirstOrDefault();
        }
        catch (Exception e) when (DirectX12Failure.NoDirect3D(e) is not null)
        {
            throw new DeviceException($"DirectX 12: {DirectX12Failure.NoDirect3D(e)}.", e);
        }
        if (named is not null) return Create(named, options);
        foreach (GraphicsDeviceInfo info in found)
            if (Name(info).Contains(name, StringComparison.OrdinalIgnoreCase)) throw new DeviceException($"DirectX 12: {Name(info)} cannot be used: {NoShaderModel}.");
        throw new DeviceException($"DirectX 12: no adapter is named '{name}'; there {(found.Count == 0 ? "are none" : $"is {string.Join(", ", found.Select(Name))}")}.");
    }

    public static IReadOnlyList<DirectX12DeviceInfo> Devices()
    {
        try
        {
            List<GraphicsDeviceInfo> found = [];
            List<GraphicsDevice> opened = [.. GraphicsDevice.QueryDevices(info => Note(found, info))];
            bool isBest = true;
            List<DirectX12DeviceInfo> all = [];
            foreach (GraphicsDeviceInfo info in found)
            {
                GraphicsDevice? graphics = opened.Find(g => g.Luid == info.Luid);
                if (graphics is null)
                {
                    all.Add(new DirectX12DeviceInfo(Name(info), DeviceKind.DiscreteGpu, DirectX12Adapter.MemoryOf(info.DedicatedMemorySize, info.SharedMemorySize, DeviceKind.DiscreteGpu), IsUsable: false, NoShaderModel));
                    continue;
                }
                var adapter = new DirectX12Adapter(graphics);
                string? unusable = GpuKernelSet.Embedded.Unmet(adapter.Limits);
                string remark = unusable
                    ?? (adapter.Kind == DeviceKind.SoftwareGpu ? "computes on the CPU; opened by name only: DirectX12.Open(\"WARP\")"
                    : isBest ? "" : "another is preferred; opened by name");
                isBest &= remark.Length > 0;
                all.Add(new DirectX12DeviceInfo(adapter.Name, adapter.Kind, adapter.MemoryBytes, unusable is null, remark));
                adapter.Release();
            }
            return all;
        }
        catch (Exception e) when (DirectX12Failure.NoDirect3D(e) is not null)
        {
            throw new DeviceException($"DirectX 12: {DirectX12Failure.NoDirect3D(e)}.", e);
        }
    }

    public static DirectX12DeviceInfo? InfoOf(ComputeDevice device) => (device as DirectX12Device)?.Info;

    public static DirectX12Resource? ResourceOf(DeviceBuffer buffer)
    {
        if (buffer.Device is not DirectX12Device device) return null;
        var range = (GpuBuffer)buffer;
        ObjectDisposedException.ThrowIf(range.IsDisposed, range);
        nint resource = ((DirectX12Block)range.Block).Resource;
        range.AddShare();
        return new DirectX12Resource(resource, device.Native, 4L * range.Offset, 4L * range.Length, () =>
        {
            DirectX12Native.ReleaseReference(resource);
            range.ReleaseShare();
        });
    }

    public static DirectX12BatchReport? BatchReport(ComputeDevice device) => (device as DirectX12Device)?.Report;

    private static DirectX12Device Create(GraphicsDevice graphics, DirectX12Options options)
    {
        var adapter = new DirectX12Adapter(graphics);
        if (GpuKernelSet.Embedded.Unmet(adapter.Limits) is not { } unmet) return new DirectX12Device(adapter, options);
        adapter.Release();
        throw new DeviceException($"DirectX 12: {adapter.Name} cannot be used: {unmet}.");
    }

    private static string Name(GraphicsDeviceInfo info) => DirectX12Adapter.NameOf(info.Name, info.IsHardwareAccelerated);

    private static bool Note(List<GraphicsDeviceInfo> list, GraphicsDeviceInfo info)
    {
        list.Add(info);
        return true;
    }
}
