using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

/// <summary>How a program is replayed in a check.</summary>
public enum ConformanceReplay
{
    /// <summary>From start to end at once.</summary>
    Whole,
    /// <summary>One step at a time.</summary>
    Sliced,
}

/// <summary>
/// Holds a device against the scalar reference: errors, guard words around every operand, inputs left unchanged, no NaN
/// or infinity, nothing left unwritten.
/// </summary>
public static class ConformanceRunner
{
    // Odd on purpose: operands then start where no vector would like them to.
    private const int Guard = 67;

    /// <summary>Runs one case on a device.</summary>
    /// <exception cref="DeviceException">The device failed.</exception>
    public static ConformanceResult Run(ComputeDevice device, ConformanceCase @case, ConformanceReplay replay = ConformanceReplay.Whole)
    {
        Operation operation = @case.Operation;
        IReadOnlyList<Operand> declared = operation.Operands;
        int[][] before = declared.Select(o => new int[o.Length]).ToArray();
        ConformanceInputs.Draw(operation, before, @case.Seed);
        int[][] expected = before.Select(o => (int[])o.Clone()).ToArray();
        ConformanceReference.Run(operation, expected);
        for (int i = 0; i < before.Length; i++)
            if (declared[i].Access == OperandAccess.Write)
                Array.Fill(before[i], declared[i].Type == ElementType.Float32 ? BitConverter.SingleToInt32Bits(float.NaN) : int.MinValue);

        int[][] after = RunOnDevice(device, operation, before, replay, out string? guardFailure);
        string? failure = guardFailure;
        double worstNormalized = 0, worstMax = 0;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < declared.Count; i++)
        {
            Operand operand = declared[i];
            if (operand.Access == OperandAccess.Read)
            {
                if (!after[i].AsSpan().SequenceEqual(before[i])) failure ??= $"input '{operand.Name}' was changed";
                continue;
            }
            hash.AppendData(MemoryMarshal.AsBytes(after[i].AsSpan()));
            if (operand.Type == ElementType.Int32)
            {
                int wrong = after[i].AsSpan().CommonPrefixLength(expected[i]);
                if (wrong < after[i].Length) failure ??= $"'{operand.Name}'[{wrong}] is {after[i][wrong]}; expected {expected[i][wrong]}";
                continue;
            }
            (double normalized, double max, string? wrongElement) = Compare(after[i], expected[i]);
            worstNormalized = Math.Max(worstNormalized, normalized);
            worstMax = Math.Max(worstMax, max);
            if (wrongElement is not null) failure ??= $"'{operand.Name}'{wrongElement}";
            else if (!(normalized <= @case.Tolerance)) failure ??= $"'{operand.Name}': normalised error {normalized:g3}; tolerated {@case.Tolerance:g3}";
            else if (!(max <= 10 * @case.Tolerance)) failure ??= $"'{operand.Name}': largest error {max:g3} of the largest element; tolerated {10 * @case.Tolerance:g3}";
        }
        if (failure is not null) failure = $"{device.Name}: {@case} (seed {@case.Seed}): {failure}";
        return new ConformanceResult(@case, worstNormalized, worstMax, Convert.ToHexString(hash.GetHashAndReset()), failure);
    }

    private static int[][] RunOnDevice(ComputeDevice device, Operation operation, int[][] operands, ConformanceReplay replay, out string? guardFailure)
    {
        IReadOnlyList<Operand> declared = operation.Operands;
        DeviceBuffer[] buffers = declared.Select(o => device.Allocate(o.Length + 2 * Guard, o.Type)).ToArray();
        try
        {
            for (int i = 0; i < buffers.Length; i++)
            {
                int[] guarded = Enumerable.Range(0, buffers[i].Length).Select(GuardWord).ToArray();
                operands[i].CopyTo(guarded, Guard);
                Write(buffers[i], guarded);
            }
            BoundOperation bound = new(operation, buffers.Select(b => new BufferRange(b, Guard, b.Length - 2 * Guard)).ToArray());
            using DeviceProgram program = device.Record([bound]);
            if (replay == ConformanceReplay.Whole)
            {
                program.Run();
            }
            else
            {
                program.Restart();
                while (!program.Advance(deadline: 0, atLeastOne: true)) program.Wait();
            }
            guardFailure = null;
            int[][] results = new int[buffers.Length][];
            for (int i = 0; i < buffers.Length; i++)
            {
                int[] guarded = new int[buffers[i].Length];
                Read(buffers[i], guarded);
                for (int e = 0; e < guarded.Length; e++)
                    if ((e < Guard || e >= guarded.Length - Guard) && guarded[e] != GuardWord(e))
                        guardFailure ??= $"wrote outside '{declared[i].Name}', at element {e - Guard} of {declared[i].Length}";
                results[i] = guarded[Guard..^Guard];
            }
            return results;
        }
        finally
        {
            foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
        }
    }

    // Ordinary floats, so that a kernel that reads beyond its operand gets wrong results rather than NaN by luck.
    private static int GuardWord(int element) => BitConverter.SingleToInt32Bits(1000.5f + element);

    private static void Write(DeviceBuffer buffer, int[] bits)
    {
        if (buffer.Type == ElementType.Int32) buffer.Write(bits);
        else buffer.Write(MemoryMarshal.Cast<int, float>(bits));
    }

    private static void Read(DeviceBuffer buffer, int[] bits)
    {
        if (buffer.Type == ElementType.Int32) buffer.Read(bits);
        else buffer.Read(MemoryMarshal.Cast<int, float>(bits.AsSpan()));
    }

    private static (double Normalized, double Max, string? Wrong) Compare(int[] actual, int[] expected)
    {
        double error = 0, size = 0, maxError = 0, maxSize = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            float a = BitConverter.Int32BitsToSingle(actual[i]), e = BitConverter.Int32BitsToSingle(expected[i]);
            if (!float.IsFinite(a)) return (double.NaN, double.NaN, $"[{i}] is {a}; expected {e}");
            double difference = Math.Abs((double)a - e);
            error += difference * difference;
            size += (double)e * e;
            maxError = Math.Max(maxError, difference);
            maxSize = Math.Max(maxSize, Math.Abs(e));
        }
        // Outputs that are all (nearly) zero are compared absolutely: there is nothing to be relative to.
        return (Math.Sqrt(error / actual.Length) / Math.Max(Math.Sqrt(size / actual.Length), 1e-6), maxError / Math.Max(maxSize, 1e-6), null);
    }
}
