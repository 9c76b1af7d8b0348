using OnDeviceLearning.Gpu;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Cli;

/// <summary>A program on a device, ready to be run again and again.</summary>
internal sealed class BenchRun : IDisposable
{
    private readonly IDisposable[] owned;
    private readonly DeviceProgram program;

    private BenchRun(DeviceProgram program, Action run, IReadOnlyList<Operation> operations, params IDisposable[] owned)
    {
        this.program = program;
        this.owned = owned;
        Run = run;
        Flops = operations.Sum(o => o.Flops);
        Bytes = operations.Sum(o => o.Bytes);
        Dispatches = program is GpuProgram gpu ? gpu.Plan.Dispatches.Count : operations.Count;
    }

    /// <summary>Runs it once and waits for it.</summary>
    public Action Run { get; }

    /// <summary>Floating-point operations of the operations, a multiply-add counted as two.</summary>
    public long Flops { get; }

    /// <summary>Memory traffic of the operations: each operand once, twice where it accumulates.</summary>
    public long Bytes { get; }

    /// <summary>Runs of kernels; on the CPU the operations.</summary>
    public int Dispatches { get; }

    /// <summary>What the last run took by the GPU's clock; null where there is none.</summary>
    public double? GpuMilliseconds => program is GpuProgram { GpuSeconds: var seconds } && !double.IsNaN(seconds) ? 1e3 * seconds : null;

    /// <summary>One operation on random numbers.</summary>
    public static BenchRun Of(ComputeDevice device, Operation operation)
    {
        var buffers = new List<DeviceBuffer>();
        try
        {
            foreach (Operand operand in operation.Operands)
            {
                DeviceBuffer buffer = device.Allocate(operand.Length, operand.Type);
                buffers.Add(buffer);
                if (operand.Access != OperandAccess.Write) buffer.Write(Numbers(operand.Length, seed: buffers.Count));
            }
            DeviceProgram program = device.Record([new(operation, [.. buffers.Select(b => (BufferRange)b)])]);
            return new BenchRun(program, program.Run, [operation], [program, .. buffers]);
        }
        catch
        {
            buffers.ForEach(b => b.Dispose());
            throw;
        }
    }

    /// <summary>A network's forward pass.</summary>
    public static BenchRun Forward(ComputeDevice device, Graph graph, IReadOnlyDictionary<string, float[]> values, int batch, int? sequenceLength)
    {
        var parameters = ParameterSet.Load(device, graph, values);
        try
        {
            ForwardProgram program = ForwardProgram.Plan(graph, parameters, batch, sequenceLength);
            if (sequenceLength is null) program.SetInput(Numbers(program.Input.Length, seed: batch));
            else program.SetInput(Ids(program.Input.Length, graph));
            return new BenchRun(program.Program, program.Run, program.Operations, program, parameters);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>One update of a network by SGD with momentum: forward, loss, gradient, optimizer. The rate is 0: every run finds the same numbers.</summary>
    public static BenchRun Training(ComputeDevice device, Graph graph, IReadOnlyDictionary<string, float[]> values, int batch, bool isEncoder)
    {
        const int classes = 10;
        var parameters = ParameterSet.Load(device, graph, values);
        try
        {
            TrainingLoss loss = isEncoder ? new CosineCrossEntropyLoss(classes, 20) : new SoftmaxCrossEntropyLoss();
            TrainingProgram program = TrainingProgram.Plan(graph, parameters, batch, new TrainingOptions(loss, new SgdOptimizer(), LearningRateSchedule.Constant(0)));
            program.SetInput(Numbers(graph.Input.Shape.Aggregate(batch, (product, size) => product * size), seed: batch));
            program.SetTargets([.. Enumerable.Range(0, batch).Select(i => i % classes)]);
            if (isEncoder) program.SetClassEmbeddings(Numbers(classes * program.OutputShape[0], seed: 2));
            return new BenchRun(program.Program, program.Run, program.Operations, program, parameters);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in owned) one.Dispose();
    }

    private static float[] Numbers(int length, int seed)
    {
        var random = new Random(seed);
        var values = new float[length];
        for (int i = 0; i < length; i++) values[i] = 2 * random.NextSingle() - 1;
        return values;
    }

    private static int[] Ids(int length, Graph graph)
    {
        int vocabulary = graph.Nodes.Select(n => n.Layer).OfType<EmbeddingLayer>().Min(e => e.Vocabulary);
        var random = new Random(1);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
    }
}
