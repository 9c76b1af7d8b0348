using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Gradients are zeroed, then added to. Where a large weight gradient is the first that is added, it is written instead, and
/// its part of the zeros left out: neither is the memory filled, nor read again.
/// </summary>
internal static class CpuFirstGradients
{
    private const int Least = 16 << 10; // elements that are worth a gap in what is zeroed

    /// <summary>The same program with fewer zeros.</summary>
    public static IReadOnlyList<PlannedOperation> Apply(IReadOnlyList<PlannedOperation> planned)
    {
        var result = new List<PlannedOperation>(planned.Count);
        for (int i = 0; i < planned.Count; i++) result.Add(planned[i]);
        for (int i = planned.Count - 1; i >= 0; i--)
            if (result[i] is { Operation: Fill { Value: 0 }, Operands: [{ Tensor.Outside: not null, Length: >= Least }] }) TakeZeros(result, i);
        return result;
    }

    private static void TakeZeros(List<PlannedOperation> result, int fill)
    {
        Value zeros = result[fill].Operands[0];
        List<Value> touched = [], written = [];
        for (int i = fill + 1; i < result.Count; i++)
        {
            (Operation operation, Value[] operands) = result[i];
            for (int o = 0; o < operands.Length; o++)
            {
                Value value = operands[o];
                if (!Overlap(zeros, value)) continue;
                if (o == 2 && value.Length >= Least && IsWithin(value, zeros) && !touched.Exists(other => Overlap(other, value)) && Writing(operation) is { } instead)
                {
                    result[i] = new PlannedOperation(instead, operands);
                    written.Add(value);
                }
                touched.Add(value);
            }
        }
        if (written.Count == 0) return;
        written.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        result.RemoveAt(fill);
        int at = zeros.Offset;
        foreach (Value value in written)
        {
            Zero(at, value.Offset);
            at = value.Offset + value.Length;
        }
        Zero(at, zeros.Offset + zeros.Length);

        void Zero(int from, int to)
        {
            if (from < to) result.Insert(fill, new PlannedOperation(new Fill(to - from, 0), [new Value(zeros.Tensor, from, to - from)]));
        }
    }

    /// <summary>The same operation, its operand 2 written, not added to; null if it cannot.</summary>
    private static Operation? Writing(Operation operation) => operation switch
    {
        LinearGradient op => op with { Overwrites = true },
        MatMul { Accumulate: true } op => op with { Accumulate = false },
        _ => null,
    };

    private static bool IsWithin(Value value, Value whole) => value.Offset >= whole.Offset && value.Offset + value.Length <= whole.Offset + whole.Length;

    private static bool Overlap(Value a, Value b) =>
        (ReferenceEquals(a.Tensor, b.Tensor) || (a.Tensor.Outside is { } outside && ReferenceEquals(outside, b.Tensor.Outside)))
        && a.Offset < b.Offset + b.Length && b.Offset < a.Offset + a.Length;
}
