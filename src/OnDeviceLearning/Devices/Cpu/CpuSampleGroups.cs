using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Lets the first layers of a convnet, whose images of a whole batch no cache holds, pass forward and backward a few samples
/// at a time. In a training step with frozen statistics all is independent between samples but for sums over them, which
/// accumulate. Operations on parameters alone go before or after; what only one group of samples is in between for needs
/// room for one group only, and is still in the cache when it is read. How samples are grouped depends on sizes alone.
/// </summary>
internal sealed class CpuSampleGroups
{
    private const long LeastElements = 768 << 10; // touched by an operation on the whole batch, to be worth it: 3 MiB
    private const long GroupElements = 256 << 10; // touched by an operation on a group: 1 MiB
    private const long MostWeights = 16 << 10;

    private readonly IReadOnlyList<PlannedOperation> planned;
    private readonly Dictionary<PlannedTensor, (int First, int Last)> uses = [];

    private CpuSampleGroups(IReadOnlyList<PlannedOperation> planned)
    {
        this.planned = planned;
        for (int i = 0; i < planned.Count; i++)
            foreach (Value operand in planned[i].Operands)
                uses[operand.Tensor] = uses.TryGetValue(operand.Tensor, out (int First, int Last) use) ? (use.First, i) : (i, i);
    }

    /// <summary>The same program with some of its operations split.</summary>
    public static IReadOnlyList<PlannedOperation> Apply(IReadOnlyList<PlannedOperation> planned)
    {
        var groups = new CpuSampleGroups(planned);
        var result = new List<PlannedOperation>(planned.Count);
        for (int i = 0; i < planned.Count;)
        {
            int end = groups.RunFrom(i);
            if (end > i) groups.Split(i, end, result);
            else result.Add(planned[end++]);
            i = end;
        }
        return result;
    }

    /// <summary>The end of a run of operations to split that begins here; the beginning if there is none.</summary>
    private int RunFrom(int first)
    {
        if (!IsLarge(first)) return first;
        int count = 0, end = first;
        for (int i = first; i < planned.Count; i++)
            if (IsLarge(i) && Samples(planned[i].Operation) == Samples(planned[first].Operation)) (count, end) = (count + 1, i + 1);
            else if (!IsBefore(planned[i]) && planned[i].Operation is not FoldedNormGradient) break;
        return count > 1 ? end : first;
    }

    private static bool IsBefore(PlannedOperation operation) => operation is { Operation: Fill, Operands: [{ IsWholeTemporary: true }] };

    private bool IsLarge(int index)
    {
        (Operation operation, Value[] operands) = planned[index];
        int samples = Samples(operation);
        if (samples < 2) return false;
        long touched = 0, others = 0;
        for (int o = 0; o < operands.Length; o++)
            if (IsOfSamples(operation, o)) touched += operands[o].Length;
            else others = Math.Max(others, operands[o].Length);
        return touched >= LeastElements && others <= MostWeights;
    }

    private void Split(int first, int end, List<PlannedOperation> result)
    {
        int samples = Samples(planned[first].Operation);
        long touched = 1;
        for (int i = first; i < end; i++)
        {
            (Operation operation, Value[] operands) = planned[i];
            if (IsBefore(planned[i])) result.Add(planned[i]);
            if (Samples(operation) == 0) continue;
            long sum = 0;
            for (int o = 0; o < operands.Length; o++)
                if (IsOfSamples(operation, o)) sum += operands[o].Length / samples;
            touched = Math.Max(touched, sum);
        }
        int group = 1;
        for (int size = 2; size <= samples && size * touched <= GroupElements; size++)
            if (samples % size == 0) group = size;
        int groups = samples / group;

        // One operation for all groups, so that kernels can tell that they pack the same.
        var parts = new Operation?[end - first];
        for (int i = first; i < end; i++)
            if (Samples(planned[i].Operation) > 0) parts[i - first] = OfSamples(planned[i].Operation, group);
        for (int g = 0; g < groups; g++)
        {
            Dictionary<PlannedTensor, Value> inner = [];
            for (int i = first; i < end; i++)
            {
                if (parts[i - first] is not { } part) continue;
                Value[] operands = [.. planned[i].Operands];
                for (int o = 0; o < operands.Length; o++)
                {
                    if (!IsOfSamples(part, o)) continue;
                    Value whole = operands[o];
                    int length = whole.Length / groups;
                    if (!IsInner(whole, first, end)) operands[o] = whole.Slice(g * length, length);
                    else if (inner.TryGetValue(whole.Tensor, out Value? own)) operands[o] = own;
                    else inner.Add(whole.Tensor, operands[o] = new Value(new PlannedTensor(length, ElementType.Float32), 0, length));
                }
                result.Add(new PlannedOperation(part, operands));
            }
        }
        for (int i = first; i < end; i++)
            if (planned[i].Operation is FoldedNormGradient) result.Add(planned[i]);
    }

    private bool IsInner(Value value, int first, int end) =>
        value.IsWholeTemporary && uses[value.Tensor] is var (begin, last) && begin >= first && last < end;

    /// <summary>The batch of an operation that can be split; 0 for another one.</summary>
    private static int Samples(Operation operation) => operation switch
    {
        NormConv2d op => op.Convolution.N,
        FusedConv2dInputGradient op => op.Convolution.N,
        Conv2dInputGradient op => op.N,
        Conv2dWeightGradient op => op.N,
        LinearGradient op => op.Images,
        BiasGradient { Inner: > 1 } op => op.Outer,
        _ => 0,
    };

    /// <summary>The same for fewer samples.</summary>
    private static Operation OfSamples(Operation operation, int samples) => operation switch
    {
        NormConv2d op => op with { Convolution = op.Convolution with { N = samples } },
        FusedConv2dInputGradient op => op with { Convolution = op.Convolution with { N = samples } },
        Conv2dInputGradient op => op with { N = samples },
        Conv2dWeightGradient op => op with { N = samples },
        LinearGradient op => op with { Rows = op.Rows / op.Images * samples, Images = samples },
        BiasGradient op => op with { Outer = samples },
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>Whether operand <paramref name="index"/> has a part for each sample.</summary>
    private static bool IsOfSamples(Operation operation, int index) => operation switch
    {
        NormConv2d => index is 0 or >= 6,
        FusedConv2dInputGradient op => index == 1 || index >= (op.Epsilon is null ? 2 : 4),
        Conv2dInputGradient => index > 0,
        Conv2dWeightGradient or LinearGradient => index < 2,
        BiasGradient => index == 0,
        _ => false,
    };
}
