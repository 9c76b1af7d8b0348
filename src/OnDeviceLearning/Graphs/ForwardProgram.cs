using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// A graph planned for inference with one batch size: set the input, run, read the output. Batch normalisations are
/// folded into the layers before them; when the parameters change, the next <see cref="Restart"/> or <see cref="Run"/>
/// takes them in. Running allocates nothing on the managed heap. From one thread at a time.
/// </summary>
public sealed class ForwardProgram : IDisposable
{
    private readonly BatchNormFolding folding;
    private readonly ProgramInput input;
    private readonly PlannedProgram planned;

    private ForwardProgram(Graph graph, ParameterSet parameters, int batch, int? sequenceLength)
    {
        Batch = batch;
        input = new ProgramInput(parameters.Device, graph, batch, sequenceLength);
        DeviceBuffer? output = null;
        BatchNormFolding? fold = null;
        try
        {
            fold = new BatchNormFolding(graph, parameters);
            var builder = new ProgramBuilder(parameters.Device);
            ForwardParts parts = ForwardParts.Of(graph, batch, sequenceLength, parameters.Device);
            int part = parts.Part, inputLength = input.Buffer.Length / batch;
            for (int start = 0; start < batch; start += part)
            {
                GraphEmission emission = Emission(part, start);
                OutputShape = emission.OutputShape;
                int length = emission.Length(graph.Output, OutputShape);
                output ??= parameters.Device.Allocate(length / part * batch);
                Value? boundary = null;
                if (parts.Cut >= 0)
                {
                    int boundaryLength = emission.Length(graph.Nodes[parts.Cut].Name, graph.InferShapes(sequenceLength)[parts.Cut]);
                    boundary = builder.Temporary(boundaryLength);
                    int sampleLength = boundaryLength / part;
                    for (int i = 0; i < part; i += parts.PartBeforeCut)
                        Emission(parts.PartBeforeCut, start + i).ForwardBefore(parts.Cut, boundary.Slice(i * sampleLength, parts.PartBeforeCut * sampleLength), fold);
                }
                emission.Forward(ProgramBuilder.Fixed(new BufferRange(output, start / part * length, length)), fold, parts.Cut, boundary);
            }
            planned = builder.Build();
            (Output, folding) = (output!, fold);

            GraphEmission Emission(int samples, int first) => new(graph, builder, samples, sequenceLength,
                ProgramBuilder.Fixed(new BufferRange(input.Buffer, first * inputLength, samples * inputLength)), name => ProgramBuilder.Fixed(parameters[name]));
        }
        catch
        {
            input.Dispose();
            output?.Dispose();
            fold?.Dispose();
            throw;
        }
    }

    /// <summary>Plans a graph for the device its parameters are on.</summary>
    /// <param name="graph">What to compute.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="batch">Number of samples of every run.</param>
    /// <param name="sequenceLength">L, where the graph's input is a sequence of any length; otherwise null.</param>
    /// <exception cref="ArgumentException">The parameters are another graph's, or batch or length do not fit.</exception>
    /// <exception cref="DeviceException">The device has not enough memory.</exception>
    public static ForwardProgram Plan(Graph graph, ParameterSet parameters, int batch, int? sequenceLength = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(parameters);
        if (!ReferenceEquals(graph, parameters.Graph)) throw new ArgumentException("Plan: the parameters are those of another graph.", nameof(parameters));
        return new ForwardProgram(graph, parameters, batch, sequenceLength);
    }

    /// <summary>Number of samples of a run.</summary>
    public int Batch { get; }

    /// <summary>The output's shape, without the batch.</summary>
    public TensorShape OutputShape { get; } = null!; // set by every part

    /// <summary>The input of all samples, [batch, ...]. <see cref="SetInput(ReadOnlySpan{int})"/> checks ids, writing here does not.</summary>
    public DeviceBuffer Input => input.Buffer;

    /// <summary>The output of all samples, [batch, ...], valid after a finished run until the next one starts.</summary>
    public DeviceBuffer Output { get; }

    /// <summary>The steps of a run.</summary>
    public int StepCount => planned.Program.StepCount;

    /// <summary>What runs.</summary>
    internal DeviceProgram Program => planned.Program;

    /// <summary>What is computed, in order.</summary>
    internal IReadOnlyList<Operation> Operations => planned.Operations;

    /// <summary>Elements of memory for intermediate values.</summary>
    internal long ArenaLength => planned.ArenaLength;

    /// <summary>Sets the input, [batch, ...].</summary>
    /// <exception cref="ArgumentException">Another number of elements, or the input is ids.</exception>
    public void SetInput(ReadOnlySpan<float> values) => input.Write(values);

    /// <summary>Sets the input, ids [batch, L].</summary>
    /// <exception cref="ArgumentException">Another number of elements, an id outside the vocabulary, or the input is not ids.</exception>
    public void SetInput(ReadOnlySpan<int> ids) => input.Write(ids);

    /// <summary>Goes back to the first step and takes in changed parameters.</summary>
    public void Restart()
    {
        folding.Refresh();
        planned.Program.Restart();
    }

    /// <summary>Runs on until the end or the deadline, as <see cref="DeviceProgram.Advance"/> does.</summary>
    /// <returns>True when the output is ready.</returns>
    public bool Advance(long deadline, bool atLeastOne = false) => planned.Program.Advance(deadline, atLeastOne);

    /// <summary>Waits for what <see cref="Advance"/> has started, as <see cref="DeviceProgram.Wait"/> does.</summary>
    public void Wait() => planned.Program.Wait();

    /// <summary>Runs from the first step to the last and waits.</summary>
    public void Run()
    {
        folding.Refresh();
        planned.Program.Run();
    }

    /// <summary>Frees the program and its memory; the parameters stay.</summary>
    public void Dispose()
    {
        planned.Dispose();
        input.Dispose();
        Output.Dispose();
        folding.Dispose();
    }
}
