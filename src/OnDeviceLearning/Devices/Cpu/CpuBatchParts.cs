using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Operations that can be computed for some samples of a batch, or some rows, after others.</summary>
internal static class CpuBatchParts
{
    /// <summary>Samples of an operation on images, or rows of one on rows; 0 where it cannot be split.</summary>
    public static int Batch(Operation operation) => operation switch
    {
        NormConv2d op => op.Convolution.N,
        FusedConv2dInputGradient op => op.Convolution.N,
        Conv2dInputGradient op => op.N,
        Conv2dWeightGradient op => op.N,
        LinearGradient op => op.Images > 0 ? op.Images : op.Rows,
        BiasGradient op => op.Outer,
        MatMul { Batch: 1, TransposeA: false, Accumulate: false } op => op.M,
        Attention op => op.N,
        AttentionGradient op => op.N,
        Activation op => op.Length,
        ActivationGradient op => op.Length,
        LayerNorm op => op.Rows,
        LayerNormGradient op => op.Rows,
        BiasAdd { Inner: 1 } op => op.Outer,
        Add op => op.Length,
        _ => 0,
    };

    /// <summary>Whether an operation is one on rows.</summary>
    public static bool IsOfRows(Operation operation) => operation is Attention or AttentionGradient or Activation or ActivationGradient or LayerNorm or LayerNormGradient
        or Add or BiasAdd { Inner: 1 } or BiasGradient { Inner: 1 } or LinearGradient { Images: 0 } or MatMul { Batch: 1, TransposeA: false, Accumulate: false };

    /// <summary>The same for one of <paramref name="groups"/> equal parts of the batch.</summary>
    public static Operation Of(Operation operation, int groups)
    {
        int part = Batch(operation) / groups;
        Operation result = operation switch
        {
            NormConv2d op => op with { Convolution = op.Convolution with { N = part } },
            FusedConv2dInputGradient op => op with { Convolution = op.Convolution with { N = part } },
            Conv2dInputGradient op => op with { N = part },
            Conv2dWeightGradient op => op with { N = part },
            LinearGradient op => op with { Rows = op.Rows / groups, Images = op.Images / groups },
            BiasGradient op => op with { Outer = part },
            MatMul op => op with { M = part },
            Attention op => op with { N = part },
            AttentionGradient op => op with { N = part },
            Activation op => op with { Length = part },
            ActivationGradient op => op with { Length = part },
            LayerNorm op => op with { Rows = part },
            LayerNormGradient op => op with { Rows = part },
            BiasAdd op => op with { Outer = part },
            Add op => op with { Length = part },
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
        return result with { IsPart = true };
    }

    /// <summary>Whether an operand has a part for each sample or row.</summary>
    public static bool IsOfBatch(Operation operation, int index) => operation switch
    {
        NormConv2d => index is 0 or >= 6,
        FusedConv2dInputGradient op => index == 1 || index >= (op.Epsilon is null ? 2 : 4),
        Conv2dInputGradient => index > 0,
        Conv2dWeightGradient or LinearGradient => index < 2,
        BiasGradient => index == 0,
        MatMul op => index == 0 || index >= (op.HasBias ? 3 : 2),
        LayerNorm => index is 0 or 3 or 4,
        LayerNormGradient op => index != 1 && index < (op.HasResidual ? 6 : 5),
        BiasAdd => index != 1,
        Attention or AttentionGradient or Activation or ActivationGradient or Add => true,
        _ => false,
    };
}
