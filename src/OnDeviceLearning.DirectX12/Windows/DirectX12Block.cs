using System.Diagnostics.CodeAnalysis;
using ComputeSharp;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>A block of device memory: one of ComputeSharp's buffers, which kernels read and write.</summary>
internal abstract class DirectX12Block(ElementType type, int length) : GpuBlock(type, length)
{
    /// <summary>ID3D12Resource; to be released.</summary>
    public abstract nint Resource { get; }

    /// <summary>What comes after it in a batch sees what came before.</summary>
    public abstract void Barrier(in ComputeContext context);

    public abstract void Dispose();
}

/// <inheritdoc/>
internal sealed class DirectX12Block<T>(ElementType type, ReadWriteBuffer<T> buffer) : DirectX12Block(type, buffer.Length) where T : unmanaged
{
    public ReadWriteBuffer<T> Buffer => buffer;

    public override nint Resource => DirectX12Native.ResourceOf(buffer);

    public override void Barrier(in ComputeContext context) => context.Barrier(buffer);

    public override void Dispose() => buffer.Dispose();
}

/// <summary>ComputeSharp's memory.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Elements are float or int, which have no fields for ComputeSharp to look into.")]
internal static class DirectX12Memory
{
    public static DirectX12Block Block(GraphicsDevice graphics, ElementType type, int length) => type == ElementType.Float32
        ? new DirectX12Block<float>(type, graphics.AllocateReadWriteBuffer<float>(length))
        : new DirectX12Block<int>(type, graphics.AllocateReadWriteBuffer<int>(length));

    public static UploadBuffer<T> Upload<T>(GraphicsDevice graphics, int length) where T : unmanaged =>
        graphics.AllocateUploadBuffer<T>(length, AllocationMode.Clear);

    public static ReadBackBuffer<T> ReadBack<T>(GraphicsDevice graphics, int length) where T : unmanaged =>
        graphics.AllocateReadBackBuffer<T>(length);
}
