using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Operations of one thread an element whose sizes need more than a list of constants.</summary>
internal static class ElementwiseLowering
{
    public static void Lower(Copy op, DispatchList list) =>
        list.Elementwise("Copy", op.Outer * op.Inner, [0, 1], [op.Inner, op.SourceOffset, op.SourceStride, op.TargetOffset, op.TargetStride], 0, 8L * op.Outer * op.Inner);

    public static void Lower(MaxPool2d op, DispatchList list) =>
        list.Elementwise("MaxPool2d", op.Planes * op.OutH * op.OutW, op.H, op.W, op.OutH, op.OutW, op.Kernel, op.Stride, op.Padding);

    public static void Lower(MaxPool2dGradient op, DispatchList list) =>
        list.Elementwise("MaxPool2dGradient", op.Planes * op.H * op.W, op.H, op.W, op.OutH, op.OutW, op.Kernel, op.Stride, op.Padding);

    public static void Lower(AveragePool2d op, DispatchList list) =>
        list.Elementwise("AveragePool2d", op.Planes * op.OutH * op.OutW, op.H, op.W, op.OutH, op.OutW, op.Kernel, op.Stride, op.Padding, op.CountIncludePadding);

    public static void Lower(AveragePool2dGradient op, DispatchList list) =>
        list.Elementwise("AveragePool2dGradient", op.Planes * op.H * op.W, op.H, op.W, op.OutH, op.OutW, op.Kernel, op.Stride, op.Padding, op.CountIncludePadding);

    public static void Lower(EmbeddingGradient op, DispatchList list)
    {
        int links = list.Scratch(2 * op.Count);
        list.Elementwise("EmbeddingLinks", op.Count, [0, links], [op.Count], (long)op.Count * op.Count, 12L * op.Count);
        list.Grid("EmbeddingGradient", [DispatchList.CeilDivide(op.Width, 64), DispatchList.CeilDivide(op.Count, 4)], (64, 4), [0, links, 1, 2],
            [op.Count, op.Vocabulary, op.Width], (long)op.Count * op.Width, 12L * op.Count * op.Width);
    }
}
