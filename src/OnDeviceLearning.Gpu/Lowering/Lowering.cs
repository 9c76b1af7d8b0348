using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Turns operations into dispatches of kernels: which kernel, tiles by size, splits where few groups would run, slices where one dispatch would take too long.</summary>
public static class Lowering
{
    /// <summary>The dispatches that compute <paramref name="operation"/> on a device with these limits.</summary>
    /// <exception cref="NotSupportedException">There is no kernel for the operation; the message names it.</exception>
    public static LoweredOperation Lower(Operation operation, GpuLimits limits)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(limits);
        DispatchList list = new(operation, limits);
        switch (operation)
        {
            case MatMul op: MatMulLowering.Lower(op, list); break;
            case Conv2d op: Conv2dLowering.Lower(op, list); break;
            case Conv2dInputGradient op: Conv2dLowering.Lower(op, list); break;
            case Conv2dWeightGradient op: Conv2dLowering.Lower(op, list); break;
            case Add op: list.Elementwise("Add", op.Length); break;
            case Fill op: list.Elementwise("Fill", op.Length, op.Value); break;
            case Copy op: ElementwiseLowering.Lower(op, list); break;
            case Activation op: list.Elementwise("Activation", op.Length, (int)op.Kind); break;
            case ActivationGradient op: list.Elementwise("ActivationGradient", op.Length, (int)op.Kind); break;
            case PullTo op: list.Elementwise("PullTo", op.Length); break;
            case SgdStep op: list.Elementwise("SgdStep", op.Length, op.Nesterov ? 1 : 0); break;
            case AdamWStep op: list.Elementwise("AdamWStep", op.Length); break;
            case ClipScale op: list.Elementwise("ClipScale", op.Length); break;
            case BiasAdd op: list.Elementwise("BiasAdd", op.Outer * op.Channels * op.Inner, op.Channels, op.Inner); break;
            case BatchNorm op: list.Elementwise("BatchNorm", op.N * op.Channels * op.Inner, op.Channels, op.Inner, op.Epsilon); break;
            case BatchNormInputGradient op: list.Elementwise("BatchNormInputGradient", op.N * op.Channels * op.Inner, op.Channels, op.Inner, op.Epsilon); break;
            case MaxPool2d op: ElementwiseLowering.Lower(op, list); break;
            case MaxPool2dGradient op: ElementwiseLowering.Lower(op, list); break;
            case AveragePool2d op: ElementwiseLowering.Lower(op, list); break;
            case AveragePool2dGradient op: ElementwiseLowering.Lower(op, list); break;
            case Embedding op: list.Elementwise("Embedding", op.Count * op.Width, op.Vocabulary, op.Width); break;
            case EmbeddingGradient op: ElementwiseLowering.Lower(op, list); break;
            case MeanGradient op: list.Elementwise("MeanGradient", op.Outer * op.Count * op.Inner, op.Count, op.Inner); break;
            case Mean op: RowLowering.Lower(op, list); break;
            case Softmax op: RowLowering.Lower(op, list); break;
            case SoftmaxGradient op: RowLowering.Lower(op, list); break;
            case L2Normalize op: RowLowering.Lower(op, list); break;
            case L2NormalizeGradient op: RowLowering.Lower(op, list); break;
            case LayerNorm op: NormLowering.Lower(op, list); break;
            case LayerNormInputGradient op: NormLowering.Lower(op, list); break;
            case GroupNorm op: NormLowering.Lower(op, list); break;
            case GroupNormInputGradient op: NormLowering.Lower(op, list); break;
            case SoftmaxCrossEntropy op: RowLowering.Lower(op, list); break;
            case BiasGradient op: SumLowering.Lower(op, list); break;
            case LayerNormAffineGradient op: SumLowering.Lower(op, list); break;
            case GroupNormAffineGradient op: SumLowering.Lower(op, list); break;
            case BatchNormAffineGradient op: SumLowering.Lower(op, list); break;
            case SquaredError op: SumLowering.Lower(op, list); break;
            case SquaredNorm op: SumLowering.Lower(op, list); break;
            case Attention op: AttentionLowering.Lower(op, list); break;
            case AttentionGradient op: AttentionLowering.Lower(op, list); break;
            // What is measured is one dispatch, however long.
            case FmaChain op: list.Add("FmaChain", (op.Length, 1, 1), [0, 1], [op.Rounds], op.Flops, op.Bytes); break;
            case StreamCopy op: list.Add("StreamCopy", (DispatchList.CeilDivide(op.Length, 4 * DispatchList.GroupThreads) * DispatchList.GroupThreads, 1, 1), [0, 1], [op.Length], op.Flops, op.Bytes); break;
            case ImageToGrey op: list.Elementwise("ImageToGrey", op.TargetWidth * op.TargetHeight, op.Width, op.Height, op.TargetWidth, op.TargetHeight, (int)op.Format, op.DarkIsInk); break;
            default: throw new NotSupportedException($"{operation.Name}: there is no GPU kernel for it.");
        }
        return list.ToLowered();
    }
}
