using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Which kernel computes which operation; what is not in the list runs its <see cref="Operation.Reference"/>. Convolutions
/// take channels-last images, which <see cref="CpuPlanner"/> gives them.
/// </summary>
internal static class CpuKernels
{
    public static CpuKernel For(Operation operation) => operation switch
    {
        MatMul op => new MatMulKernel(op),
        Conv2d op => Convolution(op, gradient: false, ConvolutionOperands.Of(op)),
        Conv2dInputGradient op => Convolution(op, gradient: true, ConvolutionOperands.Of(op)),
        NormConv2d op => Convolution(op.Convolution, gradient: false, ConvolutionOperands.Of(op)),
        FusedConv2dInputGradient op => Convolution(op.Convolution, gradient: true, ConvolutionOperands.Of(op)),
        LinearGradient op => new WeightGradientKernel(op),
        LayerNormGradient op => new LayerNormGradientKernel(op),
        FoldedNormGradient op => new FoldedNormGradientKernel(op),
        Conv2dWeightGradient op => DepthwiseKernel.Fits(op) ? Depthwise3x3WeightGradientKernel.Fits(op) ? new Depthwise3x3WeightGradientKernel(op) : new DepthwiseWeightGradientKernel(op) : WinogradTiles.Fits(op) ? new WinogradWeightGradientKernel(op) : new Conv2dWeightGradientKernel(op, planes: false),
        BiasAdd op => new BiasAddKernel(op),
        BiasGradient op => op.Inner == 1 ? new BiasColumnGradientKernel(op.Outer, op.Channels) : new BiasPlaneGradientKernel(op),
        Activation op => new ActivationKernel(op),
        ActivationGradient op => new ActivationGradientKernel(op),
        LayerNorm op => new NormKernel(NormShape.Of(op), op.Epsilon),
        LayerNormInputGradient op => new NormInputGradientKernel(NormShape.Of(op)),
        LayerNormAffineGradient op => new NormColumnGradientKernel(op.Rows, op.Width),
        GroupNorm op => new NormKernel(NormShape.Of(op), op.Epsilon),
        GroupNormInputGradient op => new NormInputGradientKernel(NormShape.Of(op)),
        GroupNormAffineGradient op => new GroupNormAffineGradientKernel(NormShape.Of(op)),
        BatchNorm op => new BatchNormKernel(op),
        BatchNormInputGradient op => new BatchNormKernel(op),
        BatchNormAffineGradient op => op.Inner == 1 ? new NormColumnGradientKernel(op) : new BatchNormAffineGradientKernel(op),
        MaxPool2d op => new MaxPool2dKernel(op),
        MaxPool2dGradient op => new MaxPool2dGradientKernel(op),
        AveragePool2d op => new AveragePool2dKernel(op),
        AveragePool2dGradient op => new AveragePool2dGradientKernel(op),
        Mean op => new MeanKernel(op),
        MeanGradient op => new MeanGradientKernel(op),
        Add op => new AddKernel(op),
        Copy op => new CopyKernel(op),
        Fill op => new FillKernel(op),
        Embedding op => new EmbeddingKernel(op),
        EmbeddingGradient op => new EmbeddingGradientKernel(op),
        Attention op => new AttentionKernel(op),
        AttentionGradient op => new AttentionGradientKernel(op),
        Softmax op => new SoftmaxKernel(op),
        SoftmaxGradient op => new SoftmaxGradientKernel(op),
        L2Normalize op => new L2NormalizeKernel(op),
        L2NormalizeGradient op => new L2NormalizeGradientKernel(op),
        SoftmaxCrossEntropy op => new SoftmaxCrossEntropyKernel(op),
        SquaredError op => new SquaredErrorKernel(op),
        SgdStep op => new SgdStepKernel(op),
        AdamWStep op => new AdamWStepKernel(op),
        SquaredNorm op => new SquaredNormKernel(op),
        ClipScale op => new ClipScaleKernel(op),
        PullTo op => new PullToKernel(op),
        _ => new ReferenceKernel(operation),
    };

    private static CpuKernel Convolution(Conv2dOperation op, bool gradient, ConvolutionOperands operands) =>
        DepthwiseKernel.Fits(op) ? new DepthwiseKernel(op, gradient, operands)
        : WinogradTiles.Fits(op) ? new WinogradKernel(op, gradient, operands)
        : new Conv2dProductKernel(op, gradient, planes: false, operands);
}
