namespace OnDeviceLearning;

/// <summary>Where a buffer lies on a DirectX 12 device. Until it is disposed, the memory is kept even where the buffer is disposed.</summary>
public sealed class DirectX12Resource : IDisposable
{
    private Action? release;

    internal DirectX12Resource(nint resource, nint device, long byteOffset, long byteLength, Action release)
    {
        Resource = resource;
        Device = device;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
        this.release = release;
    }

    /// <summary>ID3D12Resource, a buffer that other buffers lie in too: touch nothing but the range below. Call AddRef on it to keep it longer.</summary>
    public nint Resource { get; }

    /// <summary>ID3D12Device it was made by.</summary>
    public nint Device { get; }

    /// <summary>Where the buffer's first element is.</summary>
    public long ByteOffset { get; }

    /// <summary>What the buffer has.</summary>
    public long ByteLength { get; }

    /// <summary>Gives the references up.</summary>
    public void Dispose() => Interlocked.Exchange(ref release, null)?.Invoke();
}
