using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Takes the weight gradients of linear layers and 1x1 convolutions together with the bias gradients that follow them.</summary>
internal static class CpuLinearGradients
{
    /// <summary>The same program with fewer operations.</summary>
    public static IReadOnlyList<PlannedOperation> Apply(IReadOnlyList<PlannedOperation> planned)
    {
        var result = new List<PlannedOperation>(planned.Count);
        for (int i = 0; i < planned.Count; i++)
        {
            if (Gradient(planned[i]) is not var (gradient, dy, x) || !WeightGradientKernel.Fits(gradient))
            {
                result.Add(planned[i]);
                continue;
            }
            Value dw = planned[i].Operands[2];
            if (i + 1 < planned.Count && planned[i + 1].Operation is BiasGradient && planned[i + 1].Operands[0].IsSame(dy))
                result.Add(new PlannedOperation(gradient with { HasBias = true }, [dy, x, dw, planned[++i].Operands[1]]));
            else
                result.Add(new PlannedOperation(gradient, [dy, x, dw]));
        }
        return result;
    }

    private static (LinearGradient Gradient, Value Dy, Value X)? Gradient(PlannedOperation planned) => planned.Operation switch
    {
        MatMul { Batch: 1, TransposeA: true, TransposeB: false, Alpha: 1, Accumulate: true } op =>
            (new LinearGradient(op.K, op.M, op.N, false), planned.Operands[0], planned.Operands[1]),
        Conv2dWeightGradient { KernelH: 1, KernelW: 1, Stride: 1, Padding: 0, Groups: 1 } op =>
            (new LinearGradient(op.N * op.OutH * op.OutW, op.OutChannels, op.C, false, op.N), planned.Operands[1], planned.Operands[0]),
        _ => null,
    };
}
