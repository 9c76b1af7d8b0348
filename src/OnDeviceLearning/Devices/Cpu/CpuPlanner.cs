using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Chooses the kernels of a program and the order in which its images lie. Operations are defined on planes, [N, C, H, W];
/// convolutions run best on channels-last images, [N, H, W, C]: every pixel's channels are then whole vectors, whatever the
/// kernel, the stride and the width of a row, and nothing is ever unrolled into columns. So a convolution's result stays
/// channels-last wherever nobody but operations of this program sees it, and everything that can follows it there. What
/// is seen from outside, or read by an operation that knows planes only, is turned over by a <see cref="LayoutKernel"/>.
/// </summary>
internal sealed unsafe class CpuPlanner(CpuDevice device)
{
    /// <summary>Channels up to which a plain convolution gathers planes itself: an image of so few would be turned over for nothing.</summary>
    private const int FewChannels = 4;

    /// <summary>A range that now holds a channels-last image; or, if planes, the copy of a range that was turned over.</summary>
    private sealed record Image(BufferRange Range, int N, int C, int Inner, nint Copy, bool IsLast);

    private readonly List<Image> lasts = [], copies = [];
    private readonly Dictionary<Operation, int> firsts = new(ReferenceEqualityComparer.Instance);

    /// <summary>The kernels in order.</summary>
    public List<CpuKernel> Kernels { get; } = [];

    /// <summary>The memory of each kernel's operands.</summary>
    public List<nint[]> Operands { get; } = [];

    /// <summary>What each kernel packs in its stage 0, if anything.</summary>
    public List<CpuBuffer?> Packed { get; } = [];

    /// <summary>For each kernel, the earlier one that in the same run has packed the same; -1 for none. They have one memory.</summary>
    public List<int> PackedBefore { get; } = [];

    /// <summary>The operation of each kernel that packs something: two of the same operation on the same memory can share it.</summary>
    public List<Operation?> PackedFor { get; } = [];

    /// <summary>Memory of the program's own, for images that are turned over.</summary>
    public List<CpuBuffer> Buffers { get; } = [];

    /// <summary>Appends an operation.</summary>
    public void Add(BoundOperation bound)
    {
        IReadOnlyList<BufferRange> o = bound.Operands;
        switch (bound.Operation)
        {
            case Conv2d op:
                AddConvolution(bound, op, ConvolutionOperands.Of(op), op.HasBias ? 2 : 1, op.HasResidual);
                break;
            case NormConv2d op:
                AddConvolution(bound, op.Convolution, ConvolutionOperands.Of(op), 5, op.HasResidual);
                break;
            case LinearGradient { Images: > 0 } op:
                nint gradient = Last(o[0], op.Images, op.Out, op.Rows / op.Images), source = Last(o[1], op.Images, op.In, op.Rows / op.Images);
                if (op.HasBias) Emit(bound, CpuKernels.For(op), [gradient, source, Dense(o[2]), Dense(o[3])]);
                else Emit(bound, CpuKernels.For(op), [gradient, source, Dense(o[2])]);
                break;
            case FusedConv2dInputGradient op:
                AddInputGradient(bound, op);
                break;
            case Conv2dInputGradient op:
                Emit(bound, CpuKernels.For(op),
                    Dense(o[0]), Last(o[1], op.N, op.OutChannels, op.OutH * op.OutW), new Output(o[2], op.N, op.C, op.H * op.W));
                break;
            case Conv2dWeightGradient op:
                nint dy = Last(o[1], op.N, op.OutChannels, op.OutH * op.OutW);
                if (GathersPlanes(op, o[0])) Emit(bound, new Conv2dWeightGradientKernel(op, planes: true), Dense(o[0]), dy, Dense(o[2]));
                else Emit(bound, CpuKernels.For(op), Last(o[0], op.N, op.C, op.H * op.W), dy, Dense(o[2]));
                break;
            case BiasAdd op when ImageAt(o[0]) is { } x && x.C == op.Channels:
                Emit(bound, new BiasAddKernel(new BiasAdd(op.Outer * op.Inner, op.Channels, 1)), Last(o[0], x), Dense(o[1]), new Output(o[2], x));
                break;
            case BiasGradient op when ImageAt(o[0]) is { } x && x.C == op.Channels:
                Emit(bound, new BiasColumnGradientKernel(op.Outer * op.Inner, op.Channels), Last(o[0], x), Dense(o[1]));
                break;
            case BatchNorm op when ImageAt(o[0]) is { } x && x.C == op.Channels:
                Emit(bound, new BatchNormKernel(op with { N = op.N * op.Inner, Inner = 1 }),
                    Last(o[0], x), Dense(o[1]), Dense(o[2]), Dense(o[3]), Dense(o[4]), new Output(o[5], x));
                break;
            case BatchNormInputGradient op when ImageAt(o[2]) is { } x && x.C == op.Channels:
                Emit(bound, new BatchNormKernel(op with { N = op.N * op.Inner, Inner = 1 }), Dense(o[0]), Dense(o[1]), Last(o[2], x), new Output(o[3], x));
                break;
            case BatchNormAffineGradient op when (ImageAt(o[0]) ?? ImageAt(o[3])) is { } x && x.C == op.Channels:
                Emit(bound, new NormColumnGradientKernel(op with { N = op.N * op.Inner, Inner = 1 }),
                    Last(o[0], x), Dense(o[1]), Dense(o[2]), Last(o[3], x), Dense(o[4]), Dense(o[5]));
                break;
            case Activation op when ImageAt(o[0]) is { } x:
                Emit(bound, new ActivationKernel(op), Last(o[0], x), new Output(o[1], x));
                break;
            case ActivationGradient op when (ImageAt(o[0]) ?? ImageAt(o[1])) is { } x:
                Emit(bound, new ActivationGradientKernel(op), Last(o[0], x), Last(o[1], x), new Output(o[2], x));
                break;
            case Add op when (ImageAt(o[0]) ?? ImageAt(o[1])) is { } x:
                Emit(bound, new AddKernel(op), Last(o[0], x), Last(o[1], x), new Output(o[2], x));
                break;
            case Mean op when op.Inner == 1 && ImageAt(o[0]) is { } x:
                Emit(bound, new MeanKernel(new Mean(x.N, x.Inner, x.C)), Last(o[0], x), new Output(o[1]));
                break;
            case MaxPool2d op when ImageAt(o[0]) is { } x:
                Emit(bound, new MaxPool2dLastKernel(op, x.C), Last(o[0], x), new Output(o[1], x.N, x.C, op.OutH * op.OutW), new Output(o[2], x.N, x.C, op.OutH * op.OutW));
                break;
            case MaxPool2dGradient op when ImageAt(o[1]) is { } x:
                Emit(bound, new MaxPool2dGradientLastKernel(op, x.C), Last(o[0], x), Last(o[1], x), new Output(o[2], x.N, x.C, op.H * op.W));
                break;
            default:
                AddDense(bound);
                break;
        }
    }

    /// <summary>x, so many operands that are dense, [residual], y.</summary>
    private void AddConvolution(BoundOperation bound, Conv2d op, ConvolutionOperands places, int dense, bool hasResidual)
    {
        IReadOnlyList<BufferRange> o = bound.Operands;
        int pixels = op.OutH * op.OutW, next = 1;
        bool planes = GathersPlanes(op, o[0]);
        var operands = new nint[o.Count - 1];
        operands[0] = planes ? Dense(o[0]) : Last(o[0], op.N, op.C, op.H * op.W);
        for (; next <= dense; next++) operands[next] = Dense(o[next]);
        if (hasResidual) operands[next] = Last(o[next++], op.N, op.OutChannels, pixels);
        Emit(bound, planes ? new Conv2dProductKernel(op, gradient: false, planes: true, places) : CpuKernels.For(bound.Operation), operands, new Output(o[next], op.N, op.OutChannels, pixels));
    }

    /// <summary>w, dy, [gamma, variance], [residual], [y], dx.</summary>
    private void AddInputGradient(BoundOperation bound, FusedConv2dInputGradient fused)
    {
        Conv2dInputGradient op = fused.Convolution;
        IReadOnlyList<BufferRange> o = bound.Operands;
        var operands = new nint[o.Count - 1];
        int last = operands.Length, images = (fused.HasResidual ? 1 : 0) + (fused.HasMask ? 1 : 0);
        operands[0] = Dense(o[0]);
        operands[1] = Last(o[1], op.N, op.OutChannels, op.OutH * op.OutW);
        for (int i = 2; i < last; i++) operands[i] = i < last - images ? Dense(o[i]) : Last(o[i], op.N, op.C, op.H * op.W);
        Emit(bound, CpuKernels.For(fused), operands, new Output(o[last], op.N, op.C, op.H * op.W));
    }

    /// <summary>Whatever knows planes only.</summary>
    private void AddDense(BoundOperation bound)
    {
        IReadOnlyList<Operand> declared = bound.Operation.Operands;
        var operands = new nint[declared.Count];
        for (int i = 0; i < operands.Length; i++)
            if (declared[i].Access != OperandAccess.Write) operands[i] = Dense(bound.Operands[i]);
        for (int i = 0; i < operands.Length; i++)
            if (declared[i].Access != OperandAccess.Read)
            {
                Forget(bound.Operands[i]);
                operands[i] = Pointer(bound.Operands[i]);
            }
        Emit(bound, CpuKernels.For(bound.Operation), operands);
    }

    private bool GathersPlanes(Conv2dOperation op, BufferRange x) => op.Groups == 1 && op.C <= FewChannels && op.Dilation == 1 && ImageAt(x) is null;

    /// <summary>An operand that is overwritten: a channels-last image if it has channels, otherwise just a range.</summary>
    private readonly record struct Output(BufferRange Range, int N = 0, int C = 0, int Inner = 0)
    {
        public Output(BufferRange range, Image shape) : this(range, shape.N, shape.C, shape.Inner)
        {
        }

        // Where a pixel has one channel, or a channel one pixel, both orders are the same.
        public bool IsImage => C > 1 && Inner > 1;
    }

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, Output b) => Emit(bound, kernel, [a], b);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b) => Emit(bound, kernel, [a, b]);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b, Output c) => Emit(bound, kernel, [a, b], c);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b, nint c) => Emit(bound, kernel, [a, b, c]);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, Output b, Output c) => Emit(bound, kernel, [a], b, c);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b, nint c, Output d) => Emit(bound, kernel, [a, b, c], d);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b, nint c, nint d, nint e, Output f) => Emit(bound, kernel, [a, b, c, d, e], f);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint a, nint b, nint c, nint d, nint e, nint f) => Emit(bound, kernel, [a, b, c, d, e, f]);

    private void Emit(BoundOperation bound, CpuKernel kernel, nint[] operands, params Output[] outputs)
    {
        var all = new nint[operands.Length + outputs.Length];
        operands.CopyTo(all, 0);
        for (int i = 0; i < outputs.Length; i++)
        {
            BufferRange range = outputs[i].Range;
            Forget(range);
            all[operands.Length + i] = !outputs[i].IsImage || range.Buffer.IsPrivate ? Pointer(range) : Allocate(range.Length);
        }
        Kernels.Add(kernel);
        Operands.Add(all);
        Packed.Add(kernel.PackedOperand < 0 ? null : (CpuBuffer)bound.Operands[kernel.PackedOperand].Buffer);
        PackedFor.Add(kernel.PackedOperand < 0 ? null : bound.Operation);
        PackedBefore.Add(FirstOf(bound.Operation));
        for (int i = 0; i < outputs.Length; i++)
        {
            (BufferRange range, int n, int c, int inner) = outputs[i];
            if (!outputs[i].IsImage) continue;
            if (range.Buffer.IsPrivate) lasts.Add(new Image(range, n, c, inner, 0, IsLast: true));
            else TurnOver(new LayoutKernel(n, c, inner, toLast: false), all[operands.Length + i], Pointer(range));
        }
    }

    private void TurnOver(LayoutKernel kernel, nint from, nint to)
    {
        Kernels.Add(kernel);
        Operands.Add([from, to]);
        Packed.Add(null);
        PackedFor.Add(null);
        PackedBefore.Add(-1);
    }

    /// <summary>The first kernel of an operation that was split: its parts are one operation, on the same parameters.</summary>
    private int FirstOf(Operation operation)
    {
        if (!operation.IsPart || operation is not (NormConv2d or FusedConv2dInputGradient or MatMul)) return -1;
        if (firsts.TryGetValue(operation, out int first)) return first;
        firsts.Add(operation, Kernels.Count - 1);
        return -1;
    }

    /// <summary>The channels-last image that lies in a range, if one does.</summary>
    private Image? ImageAt(BufferRange range)
    {
        foreach (Image image in lasts)
            if (image.Range == range) return image;
        foreach (Image whole in lasts)
            if (PartOf(whole, range) is { } part) return part;
        foreach (Image first in lasts)
            if (first.Range.Offset == range.Offset && ReferenceEquals(first.Range.Buffer, range.Buffer) && Joined(first, range) is { } whole)
            {
                lasts.Add(whole);
                return whole;
            }
        return null;
    }

    /// <summary>Some samples of an image.</summary>
    private static Image? PartOf(Image whole, BufferRange range)
    {
        int sample = whole.C * whole.Inner, offset = range.Offset - whole.Range.Offset;
        if (!ReferenceEquals(whole.Range.Buffer, range.Buffer) || offset < 0 || offset + range.Length > whole.Range.Length) return null;
        return offset % sample == 0 && range.Length % sample == 0 ? whole with { Range = range, N = range.Length / sample } : null;
    }

    /// <summary>The image of a batch whose parts were written one by one, if they fill the range.</summary>
    private Image? Joined(Image first, BufferRange range)
    {
        Image? next = first;
        int n = 0, length = 0;
        while (next is not null && length + next.Range.Length <= range.Length)
        {
            n += next.N;
            length += next.Range.Length;
            if (length == range.Length) return first with { Range = range, N = n };
            next = lasts.Find(image => image.Range.Offset == range.Offset + length && ReferenceEquals(image.Range.Buffer, range.Buffer)
                && image.C == first.C && image.Inner == first.Inner);
        }
        return null;
    }

    /// <summary>The range as the operation is defined on it.</summary>
    private nint Dense(BufferRange range) =>
        ImageAt(range) is { } image ? Copy(range, image.N, image.C, image.Inner, toLast: false) : Pointer(range);

    /// <summary>The range as a channels-last image.</summary>
    private nint Last(BufferRange range, int n, int c, int inner) =>
        c == 1 || inner == 1 || ImageAt(range) is not null ? Pointer(range) : Copy(range, n, c, inner, toLast: true);

    private nint Last(BufferRange range, Image shape) => Last(range, shape.N, shape.C, shape.Inner);

    private nint Copy(BufferRange range, int n, int c, int inner, bool toLast)
    {
        foreach (Image copy in copies)
            if (copy.Range == range && copy.IsLast == toLast && copy.C == c) return copy.Copy;
        nint to = Allocate(range.Length);
        TurnOver(new LayoutKernel(n, c, inner, toLast), Pointer(range), to);
        copies.Add(new Image(range, n, c, inner, to, toLast));
        return to;
    }

    /// <summary>A range is about to be overwritten: what was known of its memory is no longer so.</summary>
    private void Forget(BufferRange range)
    {
        lasts.RemoveAll(image => Overlap(image.Range, range));
        copies.RemoveAll(image => Overlap(image.Range, range));
    }

    private static bool Overlap(BufferRange a, BufferRange b) =>
        ReferenceEquals(a.Buffer, b.Buffer) && a.Offset < b.Offset + b.Length && b.Offset < a.Offset + a.Length;

    private nint Allocate(int length)
    {
        var buffer = new CpuBuffer(device, length, ElementType.Float32);
        Buffers.Add(buffer);
        return (nint)buffer.Pointer;
    }

    private static nint Pointer(BufferRange range) => (nint)(((CpuBuffer)range.Buffer).Pointer + range.Offset);
}
