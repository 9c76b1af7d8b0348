using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Lets a batch pass forward and backward through layers a few samples at a time where no cache holds what a layer makes of
/// all of them: the first layers of a convnet, and all of a large transformer. In a training step with frozen statistics
/// all is independent between samples but for sums over them, which accumulate. Operations on parameters alone go before or
/// after; what only one group of samples is needed for in between has room for one group only, and is still in the cache
/// when it is read. How samples are grouped depends on sizes alone.
/// </summary>
internal sealed class CpuSampleGroups
{
    private const long LeastImages = 768 << 10; // elements touched by an operation on images of the whole batch, to be worth it: 3 MiB
    private const long NearElements = 256 << 10; // touched by an operation on a group of images: 1 MiB
    private const long MostWeights = 16 << 10; // of an operation on images: late layers have many, and small images
    private const long CachedElements = 512 << 10; // of a group's rows, the largest operand: 2 MiB
    private const int LeastRows = 256; // of a group: weights are worth fetching for so many

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
            (int end, int count) = CpuBatchParts.IsOfRows(planned[i].Operation) ? groups.RowsFrom(i) : groups.ImagesFrom(i);
            if (count > 1) groups.Split(i, end, count, result);
            else if (end == i) result.Add(planned[end++]);
            else for (int k = i; k < end; k++) result.Add(planned[k]);
            i = end;
        }
        return result;
    }

    /// <summary>The end of a run of large operations on images that begins here, and the number of groups for them.</summary>
    private (int End, int Groups) ImagesFrom(int first)
    {
        int samples = CpuBatchParts.Batch(planned[first].Operation), end = first, count = 0;
        long most = 1;
        for (int i = first; i < planned.Count && samples > 1; i++)
            if (IsLarge(i, samples))
            {
                (count, end) = (count + 1, i + 1);
                most = Math.Max(most, Touched(i));
            }
            else if (!IsBefore(planned[i]) && planned[i].Operation is not FoldedNormGradient) break;
        return count > 1 ? (end, Divisor(samples, most, NearElements)) : (first, 1);
    }

    private bool IsLarge(int index, int samples)
    {
        (Operation operation, Value[] operands) = planned[index];
        if (CpuBatchParts.IsOfRows(operation) || CpuBatchParts.Batch(operation) != samples) return false;
        for (int o = 0; o < operands.Length; o++)
            if (!CpuBatchParts.IsOfBatch(operation, o) && operands[o].Length > MostWeights) return false;
        return Touched(index) >= LeastImages;
    }

    /// <summary>The same for operations on rows, such as tokens.</summary>
    private (int End, int Groups) RowsFrom(int first)
    {
        int end = first, common = 0, rows = int.MaxValue;
        long largest = 1;
        for (int i = first; i < planned.Count; i++)
        {
            (Operation operation, Value[] operands) = planned[i];
            if (IsBefore(planned[i])) continue;
            if (!CpuBatchParts.IsOfRows(operation) || (operation is MatMul && IsMadeWithin(operands[1], first))) break;
            end = i + 1;
            common = CommonDivisor(CpuBatchParts.Batch(operation), common);
            if (operation is MatMul or LinearGradient) rows = Math.Min(rows, CpuBatchParts.Batch(operation));
            for (int o = 0; o < operands.Length; o++)
                if (CpuBatchParts.IsOfBatch(operation, o)) largest = Math.Max(largest, operands[o].Length);
        }
        if (end == first || rows == int.MaxValue) return (end, 1);
        int groups = Divisor(common, largest, CachedElements);
        return (end, groups > 1 && rows / groups >= LeastRows ? groups : 1);
    }

    /// <summary>The least number of groups, a divisor of the batch, in which an operation touches no more than the limit; the batch if none does.</summary>
    private static int Divisor(int batch, long touched, long limit)
    {
        for (int groups = 1; groups < batch; groups++)
            if (batch % groups == 0 && touched / groups <= limit) return groups;
        return batch;
    }

    private static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);

    /// <summary>Whether a right factor, of which a part of the rows needs all, is computed in the run itself.</summary>
    private bool IsMadeWithin(Value value, int first) => value.Tensor.Outside is null && uses[value.Tensor].First >= first;

    private static bool IsBefore(PlannedOperation operation) => operation is { Operation: Fill, Operands: [{ IsWholeTemporary: true }] };

    private long Touched(int index)
    {
        (Operation operation, Value[] operands) = planned[index];
        long touched = 0;
        for (int o = 0; o < operands.Length; o++)
            if (CpuBatchParts.IsOfBatch(operation, o)) touched += operands[o].Length;
        return touched;
    }

    private void Split(int first, int end, int groups, List<PlannedOperation> result)
    {
        var parts = new Operation?[end - first]; // one for all groups, so that kernels can tell that they pack the same
        for (int i = first; i < end; i++)
            if (CpuBatchParts.Batch(planned[i].Operation) > 0) parts[i - first] = CpuBatchParts.Of(planned[i].Operation, groups);
            else if (IsBefore(planned[i])) result.Add(planned[i]);
        for (int g = 0; g < groups; g++)
        {
            Dictionary<PlannedTensor, Value> inner = [];
            for (int i = first; i < end; i++)
            {
                if (parts[i - first] is not { } part) continue;
                Value[] operands = [.. planned[i].Operands];
                for (int o = 0; o < operands.Length; o++)
                {
                    if (!CpuBatchParts.IsOfBatch(part, o)) continue;
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
}
