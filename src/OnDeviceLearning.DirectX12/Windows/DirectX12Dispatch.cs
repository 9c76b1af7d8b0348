using ComputeSharp;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>Runs one kernel with what a dispatch binds. One line of <see cref="DirectX12Kernels"/> each.</summary>
internal delegate void DirectX12Kernel(in ComputeContext context, DirectX12Dispatch dispatch);

/// <summary>A dispatch as its kernel's constructor takes it.</summary>
internal sealed class DirectX12Dispatch
{
    private readonly DirectX12Kernel kernel;
    private readonly DirectX12Block[] blocks, barriers;
    private readonly int[] constants;

    /// <param name="dispatch">With everything bound.</param>
    /// <param name="before">The blocks that a barrier before it must name.</param>
    public DirectX12Dispatch(GpuDispatch dispatch, GpuBlock[] before)
    {
        kernel = DirectX12Kernels.All.TryGetValue(dispatch.Kernel.Name, out DirectX12Kernel? found)
            ? found
            : throw new InvalidOperationException($"Kernel '{dispatch.Kernel.Name}' has no line in DirectX12Kernels.cs; CONTRIBUTING.md says how to add it.");
        (X, Y, Z) = dispatch.Threads;
        blocks = [.. dispatch.Arguments.Select(a => (DirectX12Block)a.Block)];
        barriers = [.. before.Cast<DirectX12Block>()];
        // Whole blocks are bound, so every offset counts from the block's first element. The thread counts ComputeSharp adds itself.
        int[] words = new int[dispatch.ConstantWords];
        dispatch.WriteConstants(words, stackalloc int[blocks.Length]);
        constants = words[3..];
    }

    /// <summary>Requested threads.</summary>
    public int X { get; }

    /// <inheritdoc cref="X"/>
    public int Y { get; }

    /// <inheritdoc cref="X"/>
    public int Z { get; }

    public ReadWriteBuffer<float> Floats(int binding) => ((DirectX12Block<float>)blocks[binding]).Buffer;

    public ReadWriteBuffer<int> Ints(int binding) => ((DirectX12Block<int>)blocks[binding]).Buffer;

    public int Int(int constant) => constants[constant];

    public uint UInt(int constant) => (uint)constants[constant];

    public float Float(int constant) => BitConverter.Int32BitsToSingle(constants[constant]);

    /// <summary>Records it into a batch, of which it may be the first.</summary>
    public void Record(in ComputeContext context, bool isFirst)
    {
        if (!isFirst)
            foreach (DirectX12Block block in barriers) block.Barrier(context);
        kernel(context, this);
    }
}
