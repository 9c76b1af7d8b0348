using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Takes together what a training program does in passes of its own over large tensors. Forward, a convolution, the batch
/// normalisation that alone reads it, a residual and ReLU become one operation, so that of four images one is kept. Backward,
/// the norm's gradients become part of the convolution's, and a sum of gradients and ReLU's mask part of the input gradient
/// before them. Tensors are written once, so what reads one is all there is to know.
/// </summary>
internal sealed class CpuFusion
{
    private readonly PlannedOperation?[] operations; // null where it has become a part of another
    private readonly List<PlannedOperation>?[] instead; // what stands where
    private readonly Dictionary<PlannedTensor, List<int>> readers = [];

    private CpuFusion(IReadOnlyList<PlannedOperation> planned)
    {
        operations = new PlannedOperation?[planned.Count];
        instead = new List<PlannedOperation>?[planned.Count];
        for (int i = 0; i < operations.Length; i++)
        {
            operations[i] = planned[i];
            IReadOnlyList<Operand> declared = planned[i].Operation.Operands;
            for (int o = 0; o < declared.Count; o++)
            {
                PlannedTensor tensor = planned[i].Operands[o].Tensor;
                if (declared[o].Access == OperandAccess.Write || tensor.Outside is not null) continue;
                if (!readers.TryGetValue(tensor, out List<int>? list)) readers.Add(tensor, list = []);
                list.Add(i);
            }
        }
    }

    /// <summary>The same program with fewer operations.</summary>
    public static IReadOnlyList<PlannedOperation> Apply(IReadOnlyList<PlannedOperation> planned)
    {
        bool trains = false;
        for (int i = 0; i < planned.Count && !trains; i++) trains = planned[i].Operation is Conv2dWeightGradient or MatMul { Accumulate: true, TransposeA: true };
        if (!trains) return planned;
        var fusion = new CpuFusion(planned);
        for (int i = planned.Count - 1; i >= 0; i--)
            if (fusion.operations[i]?.Operation is Conv2d) fusion.TakeNorm(i);
        for (int i = planned.Count - 1; i >= 0; i--) fusion.ExtendInputGradient(i);
        for (int i = planned.Count - 1; i > 0; i--) fusion.TakeLayerNorm(i);
        return CpuFirstGradients.Apply(CpuSampleGroups.Apply(CpuLinearGradients.Apply(fusion.Result())));
    }

    private List<PlannedOperation> Result()
    {
        var result = new List<PlannedOperation>(operations.Length);
        for (int i = 0; i < operations.Length; i++)
        {
            if (operations[i] is { } operation) result.Add(operation);
            if (instead[i] is { } others) result.AddRange(others);
        }
        return result;
    }

    /// <summary>The only reader of a tensor, if it is still there; -1 otherwise.</summary>
    private int OnlyReader(Value value) =>
        value.IsWholeTemporary && readers.TryGetValue(value.Tensor, out List<int>? list) && list.Count == 1 && operations[list[0]] is not null ? list[0] : -1;

    /// <summary>The addition that alone reads a tensor, which goes: its result, what else it adds, and where it stood; null if there is none.</summary>
    private (Value Sum, Value Other, int At)? TakeAdd(Value value)
    {
        if (OnlyReader(value) is not (>= 0 and var at) || operations[at] is not { Operation: Add, Operands: var o } || !o[2].IsWholeTemporary) return null;
        operations[at] = null;
        return (o[2], o[0].IsSame(value) ? o[1] : o[0], at);
    }

    /// <summary>The readers of a tensor.</summary>
    private List<int> Readers(Value value) => value.Tensor.Outside is null && readers.TryGetValue(value.Tensor, out List<int>? list) ? list : [];

    /// <summary>Convolution and norm, forward and backward, if the norm and its gradients are all that the convolution's result is for.</summary>
    private void TakeNorm(int index)
    {
        (Operation operation, Value[] o) = operations[index]!;
        if (operation is not Conv2d { HasBias: false, HasResidual: false, Activation: null } conv || !o[2].IsWholeTemporary) return;
        int norm = -1, affine = -1, input = -1, weights = -1, before = -1;
        foreach (int i in Readers(o[2]))
            if (operations[i]?.Operation is BatchNorm b && norm < 0 && b.Channels == conv.OutChannels) norm = i;
            else if (operations[i]?.Operation is BatchNormAffineGradient && affine < 0) affine = i;
            else return;
        if (norm < 0 || affine < 0) return;
        Value[] n = operations[norm]!.Operands, a = operations[affine]!.Operands;
        if (!n[5].IsWholeTemporary || !a[3].IsWholeTemporary) return;
        foreach (int i in Readers(a[3]))
            if (operations[i] is { Operation: BatchNormInputGradient, Operands: var b } && b[0].IsSame(n[1])) input = i;
        if (input < 0) return;
        Value dy = operations[input]!.Operands[3];
        if (!dy.IsWholeTemporary) return;
        foreach (int i in Readers(dy))
            if (operations[i]?.Operation is Conv2dWeightGradient && weights < 0 && operations[i]!.Operands[1].IsSame(dy)) weights = i;
            else if (operations[i]?.Operation is Conv2dInputGradient && before < 0) before = i;
            else return;
        if (weights < 0) return;
        float epsilon = ((BatchNorm)operations[norm]!.Operation).Epsilon;
        TakeBackward(conv, o, n, a, epsilon, affine, input, weights, before);
        TakeForward(index, conv, norm, epsilon);
    }

    private void TakeForward(int index, Conv2d conv, int norm, float epsilon)
    {
        Value[] o = operations[index]!.Operands, n = operations[norm]!.Operands;
        Value y = n[5];
        Value? residual = null;
        int end = norm;
        operations[index] = operations[norm] = null;
        if (TakeAdd(y) is var (sum, other, add)) (y, residual, end) = (sum, other, add);
        bool relu = OnlyReader(y) is >= 0 and var last && operations[last]!.Operation is Activation { Kind: ActivationKind.Relu };
        if (relu)
        {
            end = Readers(y)[0];
            y = operations[end]!.Operands[1];
            operations[end] = null;
        }
        List<Value> operands = [o[0], o[1], n[1], n[2], n[3], n[4]];
        if (residual is not null) operands.Add(residual);
        operands.Add(y);
        Put(end, new NormConv2d(conv, epsilon, residual is not null, relu), [.. operands]);
    }

    private void TakeBackward(Conv2d conv, Value[] o, Value[] n, Value[] a, float epsilon, int affine, int input, int weights, int before)
    {
        Value dy = a[3], dw = operations[weights]!.Operands[2];
        var gradient = (Conv2dWeightGradient)operations[weights]!.Operation;
        Value g = Temporary(dw.Length), sums = Temporary(conv.OutChannels);
        operations[affine] = operations[input] = operations[weights] = null;
        Put(weights, new Fill(g.Length, 0), g);
        Put(weights, new Fill(sums.Length, 0), sums);
        Put(weights, gradient, o[0], dy, g);
        Put(weights, new BiasGradient(conv.N, conv.OutChannels, conv.OutH * conv.OutW), dy, sums);
        Put(weights, new FoldedNormGradient(conv.OutChannels, dw.Length / conv.OutChannels, epsilon), g, sums, o[1], n[1], n[3], n[4], dw, a[4], a[5]);
        if (before < 0) return;
        Value dx = operations[before]!.Operands[2];
        operations[before] = new PlannedOperation(
            new FusedConv2dInputGradient((Conv2dInputGradient)operations[before]!.Operation, epsilon, false, false), [o[1], dy, n[1], n[4], dx]);
    }

    /// <summary>An input gradient with the sum and the mask that alone read it.</summary>
    private void ExtendInputGradient(int index)
    {
        if (operations[index] is not { } planned) return;
        (Operation operation, Value[] o) = planned;
        if (operation is not (Conv2dInputGradient or FusedConv2dInputGradient { HasResidual: false, HasMask: false })) return;
        int end = index;
        Value dx = o[^1];
        Value? residual = null, mask = null;
        if (TakeAdd(dx) is var (sum, other, add)) (dx, residual, end) = (sum, other, add);
        if (OnlyReader(dx) is >= 0 and var relu && operations[relu]!.Operation is ActivationGradient { Kind: ActivationKind.Relu } && operations[relu]!.Operands[1].IsSame(dx))
        {
            mask = operations[relu]!.Operands[0];
            (dx, end) = (operations[relu]!.Operands[2], relu);
            operations[relu] = null;
        }
        if (end == index) return;
        var fused = operation as FusedConv2dInputGradient ?? new FusedConv2dInputGradient((Conv2dInputGradient)operation, null, false, false);
        List<Value> operands = [.. o[..^1]];
        if (residual is not null) operands.Add(residual);
        if (mask is not null) operands.Add(mask);
        operands.Add(dx);
        operations[index] = null;
        Put(end, fused with { HasResidual = residual is not null, HasMask = mask is not null }, [.. operands]);
    }

    /// <summary>The input gradient of layer normalisation with the affine one before it and the sum that alone reads it.</summary>
    private void TakeLayerNorm(int index)
    {
        if (operations[index] is not { Operation: LayerNormInputGradient op, Operands: var o } || operations[index - 1] is not { Operation: LayerNormAffineGradient, Operands: var a }) return;
        if (!a[0].IsSame(o[0]) || !a[2].IsSame(o[3])) return;
        int end = index;
        Value dx = o[4];
        Value? residual = null;
        if (TakeAdd(dx) is var (sum, other, add)) (dx, residual, end) = (sum, other, add);
        operations[index] = operations[index - 1] = null;
        Value[] operands = residual is null ? [o[0], o[1], o[2], o[3], dx, a[3], a[4]] : [o[0], o[1], o[2], o[3], residual, dx, a[3], a[4]];
        Put(end, new LayerNormGradient(op.Rows, op.Width, op.Epsilon, residual is not null), operands);
    }

    private void Put(int at, Operation operation, params Value[] operands) => (instead[at] ??= []).Add(new PlannedOperation(operation, operands));

    private static Value Temporary(int length) => new(new PlannedTensor(length, ElementType.Float32), 0, length);
}
