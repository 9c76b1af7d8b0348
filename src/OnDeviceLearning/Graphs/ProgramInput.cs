using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>The input buffer of a program, with the checks that its graph allows.</summary>
internal sealed class ProgramInput : IDisposable
{
    private readonly int? vocabulary;

    public ProgramInput(ComputeDevice device, Graph graph, int batch, int? sequenceLength)
    {
        if (batch < 1) throw new ArgumentException($"Plan: the batch is {batch}; expected at least 1.", nameof(batch));
        long length = graph.InputShape(graph.InferShapes(sequenceLength)).ElementCount * batch;
        if (length > TensorShape.MaxElements) throw new ArgumentException($"Plan: {batch} inputs are {length} elements; use a smaller batch.", nameof(batch));
        vocabulary = graph.Vocabulary;
        Buffer = device.Allocate((int)length, graph.Input.Type);
    }

    public DeviceBuffer Buffer { get; }

    public void Write(ReadOnlySpan<float> values)
    {
        RequireLength(values.Length);
        Buffer.Write(values);
    }

    public void Write(ReadOnlySpan<int> ids)
    {
        RequireLength(ids.Length);
        RequireRange("SetInput", "id", ids, vocabulary ?? int.MaxValue);
        Buffer.Write(ids);
    }

    /// <summary>Refuses indices outside 0..count-1, which an operation would read beyond its memory for.</summary>
    public static void RequireRange(string operation, string what, ReadOnlySpan<int> values, int count)
    {
        for (int i = 0; i < values.Length; i++)
            if ((uint)values[i] >= (uint)count)
                throw new ArgumentException($"{operation}: {what} {i} is {values[i]}; expected 0..{count - 1}.");
    }

    public void Dispose() => Buffer.Dispose();

    private void RequireLength(int length)
    {
        if (length != Buffer.Length) throw new ArgumentException($"SetInput: {length} elements; expected {Buffer.Length}.");
    }
}
