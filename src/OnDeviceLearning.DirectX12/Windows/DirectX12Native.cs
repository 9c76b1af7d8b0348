using System.Runtime.InteropServices;
using ComputeSharp;
using ComputeSharp.Interop;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>
/// The three things asked of Direct3D 12 that ComputeSharp knows and does not tell, by their places in the method tables
/// of d3d12.h.
/// </summary>
internal static unsafe class DirectX12Native
{
    private const int Release = 2, CheckFeatureSupport = 13, GetDeviceRemovedReason = 37;
    private const int FeatureArchitecture = 1;

    private static readonly Guid DeviceId = new("189819f1-1db6-4b57-be54-1821339b85f7");
    private static readonly Guid ResourceId = new("696442be-a72e-4059-bc79-5b5c98040fad");

    [StructLayout(LayoutKind.Sequential)]
    private struct Architecture
    {
        public uint Node;
        public int IsTileBased, IsUnified, IsCacheCoherent;
    }

    /// <summary>ID3D12Device; to be released.</summary>
    public static nint DeviceOf(GraphicsDevice graphics)
    {
        Guid id = DeviceId;
        void* device;
        InteropServices.GetID3D12Device(graphics, &id, &device);
        return (nint)device;
    }

    /// <summary>ID3D12Resource; to be released.</summary>
    public static nint ResourceOf<T>(ReadWriteBuffer<T> buffer) where T : unmanaged
    {
        Guid id = ResourceId;
        void* resource;
        InteropServices.GetID3D12Resource(buffer, &id, &resource);
        return (nint)resource;
    }

    /// <summary>Gives a reference up.</summary>
    public static void ReleaseReference(nint pointer) => ((delegate* unmanaged[MemberFunction]<nint, uint>)Method(pointer, Release))(pointer);

    /// <summary>0 while the device is there, the reason as a HRESULT once it is gone.</summary>
    public static int RemovedReason(nint device) => ((delegate* unmanaged[MemberFunction]<nint, int>)Method(device, GetDeviceRemovedReason))(device);

    /// <summary>Whether the GPU uses the CPU's memory.</summary>
    public static bool IsUnified(nint device)
    {
        Architecture architecture = default;
        int result = ((delegate* unmanaged[MemberFunction]<nint, int, void*, uint, int>)Method(device, CheckFeatureSupport))(
            device, FeatureArchitecture, &architecture, (uint)sizeof(Architecture));
        return result >= 0 && architecture.IsUnified != 0;
    }

    private static void* Method(nint pointer, int place) => (*(void***)pointer)[place];
}
