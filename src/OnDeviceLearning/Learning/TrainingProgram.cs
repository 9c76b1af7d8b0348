using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Learning;

/// <summary>
/// One update of a graph's parameters, planned: forward, loss, gradient, optimizer. <see cref="Restart"/> begins an
/// update, <see cref="Advance"/> goes on with it in slices of any length, which never change a bit of the result. An
/// update that is begun and not finished before the next <see cref="Restart"/> may have changed some parameters. Running
/// allocates nothing on the managed heap. From one thread at a time.
/// </summary>
public sealed class TrainingProgram : IDisposable
{
    private readonly TrainingOptions options;
    private readonly ParameterSet parameters;
    private readonly TrainableLayout layout;
    private readonly List<IDisposable> owned = [];
    private readonly ProgramInput input;
    private readonly DeviceBuffer gradients, hyper;
    private readonly DeviceBuffer[] states;
    private readonly TrainingLossEmission loss;
    private readonly PlannedProgram planned;
    private bool begun, counted; // the update: Restart was called; it is finished and counted in Step

    private TrainingProgram(Graph graph, ParameterSet parameters, int batch, TrainingOptions options, int? sequenceLength)
    {
        this.options = options;
        this.parameters = parameters;
        layout = new TrainableLayout(parameters, options.Trainable);
        if (layout.Length == 0) throw new ArgumentException("Plan: no parameter is trainable.", nameof(options));
        try
        {
            ComputeDevice device = parameters.Device;
            input = Own(new ProgramInput(device, graph, batch, sequenceLength));
            gradients = Own(device.Allocate(layout.Length));
            hyper = Own(device.Allocate(options.Optimizer is SgdOptimizer ? 3 : 7));
            states = new DeviceBuffer[options.Optimizer is SgdOptimizer ? 1 : 2];
            for (int i = 0; i < states.Length; i++) states[i] = Own(device.Allocate(layout.Length));

            var builder = new ProgramBuilder(device);
            var emission = new GraphEmission(
                graph, builder, batch, sequenceLength, ProgramBuilder.Fixed(input.Buffer),
                name => ProgramBuilder.Fixed(parameters[name]),
                name => layout[name] is var (offset, length) ? ProgramBuilder.Fixed(new BufferRange(gradients, offset, length)) : null);
            OutputShape = emission.OutputShape;
            Output = Own(device.Allocate(emission.Length(graph.Output, OutputShape)));
            Value output = ProgramBuilder.Fixed(Output);
            emission.Forward(output);
            loss = Own(new TrainingLossEmission(options.Loss, device, OutputShape, batch));
            Value outputGradient = loss.Emit(builder, output);
            ForwardOperations = builder.Operations.Count();
            builder.Emit(new Fill(layout.Length, 0), ProgramBuilder.Fixed(gradients));
            emission.Backward(outputGradient);
            BackwardOperations = builder.Operations.Count() - ForwardOperations;
            EmitUpdate(builder, device);
            planned = Own(builder.Build());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Plans training on the device the parameters are on.</summary>
    /// <param name="graph">What to train.</param>
    /// <param name="parameters">Its parameters, which every update changes.</param>
    /// <param name="batch">Number of samples of an update.</param>
    /// <param name="options">How to learn.</param>
    /// <param name="sequenceLength">L, where the graph's input is a sequence of any length; otherwise null.</param>
    /// <exception cref="ArgumentException">The parameters are another graph's, nothing is trainable, or a size or option does not fit.</exception>
    /// <exception cref="DeviceException">The device has not enough memory.</exception>
    public static TrainingProgram Plan(Graph graph, ParameterSet parameters, int batch, TrainingOptions options, int? sequenceLength = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        if (!ReferenceEquals(graph, parameters.Graph)) throw new ArgumentException("Plan: the parameters are those of another graph.", nameof(parameters));
        if (options.ClipNorm is { } limit && !(limit > 0)) throw new ArgumentException($"Plan: ClipNorm is {limit}; expected a positive number.", nameof(options));
        if (!(options.Pull >= 0 && float.IsFinite(options.Pull))) throw new ArgumentException($"Plan: Pull is {options.Pull}; expected 0 or more.", nameof(options));
        if (options.PullTarget is { } target && !ReferenceEquals(target.Graph, graph)) throw new ArgumentException("Plan: the pull's target is another graph's.", nameof(options));
        return new TrainingProgram(graph, parameters, batch, options, sequenceLength);
    }

    /// <summary>Updates finished.</summary>
    public int Step { get; private set; }

    /// <summary>The output's shape, without the batch.</summary>
    public TensorShape OutputShape { get; }

    /// <summary>The graph's output of the last update, [batch, ...].</summary>
    public DeviceBuffer Output { get; }

    /// <summary>The loss of the last update, before it changed the parameters. Waits for the device.</summary>
    /// <exception cref="InvalidOperationException">The gradient is injected: there is no loss.</exception>
    public float Loss => loss.Read();

    /// <summary>The steps of an update.</summary>
    public int StepCount => planned.Program.StepCount;

    /// <summary>What runs.</summary>
    internal DeviceProgram Program => planned.Program;

    /// <summary>What is computed, in order: forward and loss, then backward, then update.</summary>
    internal IReadOnlyList<Operation> Operations => planned.Operations;

    /// <summary>How many of the operations are forward and loss.</summary>
    internal int ForwardOperations { get; }

    /// <summary>How many of them are backward.</summary>
    internal int BackwardOperations { get; }

    /// <summary>Sets the input, [batch, ...].</summary>
    /// <exception cref="ArgumentException">Another number of elements, or the input is ids.</exception>
    public void SetInput(ReadOnlySpan<float> values) => input.Write(values);

    /// <summary>Sets the input, ids [batch, L].</summary>
    /// <exception cref="ArgumentException">Another number of elements, an id outside the vocabulary, or the input is not ids.</exception>
    public void SetInput(ReadOnlySpan<int> ids) => input.Write(ids);

    /// <summary>Sets the target class of each row of the output.</summary>
    /// <exception cref="ArgumentException">Another number of targets, or one outside the classes.</exception>
    /// <exception cref="InvalidOperationException">The gradient is injected.</exception>
    public void SetTargets(ReadOnlySpan<int> classes) => loss.WriteTargets(classes);

    /// <summary>Sets the weight of each class in the loss (<see cref="SoftmaxCrossEntropyLoss"/>).</summary>
    /// <exception cref="ArgumentException">Another number of weights.</exception>
    /// <exception cref="InvalidOperationException">The loss has no class weights.</exception>
    public void SetClassWeights(ReadOnlySpan<float> weights) => loss.WriteClassWeights(weights);

    /// <summary>Sets the class embeddings [classes, D] (<see cref="CosineCrossEntropyLoss"/>).</summary>
    /// <exception cref="ArgumentException">Another number of elements.</exception>
    /// <exception cref="InvalidOperationException">The loss has no class embeddings.</exception>
    public void SetClassEmbeddings(ReadOnlySpan<float> embeddings) => loss.WriteClassEmbeddings(embeddings);

    /// <summary>Sets the gradient for the output [batch, ...] (<see cref="InjectedGradientLoss"/>).</summary>
    /// <exception cref="ArgumentException">Another number of elements.</exception>
    /// <exception cref="InvalidOperationException">The gradient comes from a loss.</exception>
    public void SetOutputGradient(ReadOnlySpan<float> gradient) => loss.WriteOutputGradient(gradient);

    /// <summary>Begins an update.</summary>
    public void Restart()
    {
        if (begun && !counted) parameters.MarkChanged(); // what was begun may have changed some
        WriteHyperparameters();
        counted = false;
        begun = true;
        planned.Program.Restart();
    }

    /// <summary>Goes on with the update until its end or the deadline, as <see cref="DeviceProgram.Advance"/> does.</summary>
    /// <returns>True when the update is finished; it stays so until <see cref="Restart"/>.</returns>
    public bool Advance(long deadline, bool atLeastOne = false)
    {
        if (!begun) Restart();
        if (counted) return true;
        if (!planned.Program.Advance(deadline, atLeastOne)) return false;
        counted = true;
        Step++;
        parameters.MarkChanged();
        return true;
    }

    /// <summary>Waits for what <see cref="Advance"/> has started, as <see cref="DeviceProgram.Wait"/> does.</summary>
    public void Wait() => planned.Program.Wait();

    /// <summary>One whole update; waits for it.</summary>
    public void Run()
    {
        Restart();
        while (!Advance(long.MaxValue, atLeastOne: true)) Wait();
    }

    /// <summary>Forgets momentum and step count, not the parameters.</summary>
    public void Reset()
    {
        if (begun && !counted) parameters.MarkChanged();
        Step = 0;
        begun = counted = false;
        float[] zeros = new float[layout.Length];
        foreach (DeviceBuffer state in states) state.Write(zeros);
    }

    /// <summary>Elements of all trained parameters.</summary>
    internal int TrainedElements
    {
        get
        {
            int elements = 0;
            foreach (string name in layout.Names) elements += layout[name]!.Value.Length;
            return elements;
        }
    }

    /// <summary>What the next update goes on from: trained parameters, moments and step count.</summary>
    /// <exception cref="InvalidOperationException">An update is under way.</exception>
    internal TrainingState Capture()
    {
        if (begun && !counted) throw new InvalidOperationException("Capture: an update is under way.");
        var state = new TrainingState(Step, new float[TrainedElements], [.. states.Select(_ => new float[TrainedElements])]);
        int at = 0;
        foreach (string name in layout.Names)
        {
            (int offset, int length) = layout[name]!.Value;
            parameters.Read(name, state.Parameters.AsSpan(at, length));
            for (int i = 0; i < states.Length; i++) states[i].Read(state.Moments[i].AsSpan(at, length), offset);
            at += length;
        }
        return state;
    }

    /// <summary>Goes on from what <see cref="Capture"/> gave, as if it had been here all the time.</summary>
    internal void Restore(TrainingState state)
    {
        Reset();
        Step = state.Step;
        int at = 0;
        foreach (string name in layout.Names)
        {
            (int offset, int length) = layout[name]!.Value;
            parameters.Write(name, state.Parameters.AsSpan(at, length));
            for (int i = 0; i < states.Length; i++) states[i].Write((ReadOnlySpan<float>)state.Moments[i].AsSpan(at, length), offset);
            at += length;
        }
    }

    /// <summary>Copies out a parameter's gradient of the last update, as the optimizer saw it: with pull, clipped.</summary>
    /// <exception cref="ArgumentException">The parameter is not trained, or has another size.</exception>
    public void ReadGradient(string parameter, Span<float> gradient)
    {
        if (layout[parameter] is not var (offset, length)) throw new ArgumentException($"ReadGradient: '{parameter}' is not trained.", nameof(parameter));
        if (gradient.Length != length) throw new ArgumentException($"ReadGradient: '{parameter}' has {length} elements; the target holds {gradient.Length}.", nameof(gradient));
        gradients.Read(gradient, offset);
    }

    /// <summary>Frees the program and its memory; the parameters stay.</summary>
    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--) owned[i].Dispose();
        owned.Clear();
    }

    private T Own<T>(T resource) where T : IDisposable
    {
        owned.Add(resource);
        return resource;
    }

    private DeviceBuffer OwnScalar(ComputeDevice device, float value)
    {
        DeviceBuffer scalar = Own(device.Allocate(1));
        scalar.Write([value]);
        return scalar;
    }

    private void EmitUpdate(ProgramBuilder builder, ComputeDevice device)
    {
        if (options.Pull > 0)
        {
            DeviceBuffer target = PullTarget(device), strength = OwnScalar(device, options.Pull);
            foreach (TrainableLayout.Run run in layout.Runs)
                builder.Emit(new PullTo(run.Parameters.Length),
                    ProgramBuilder.Fixed(run.Parameters), Part(target, run), ProgramBuilder.Fixed(strength), Part(gradients, run));
        }
        if (options.ClipNorm is { } limit)
        {
            Value sum = builder.Temporary(1), all = ProgramBuilder.Fixed(gradients);
            builder.Emit(new Fill(1, 0), sum);
            builder.Emit(new SquaredNorm(layout.Length), all, sum);
            builder.Emit(new ClipScale(layout.Length), all, sum, ProgramBuilder.Fixed(OwnScalar(device, limit)));
        }
        Value rates = ProgramBuilder.Fixed(hyper);
        foreach (TrainableLayout.Run run in layout.Runs)
        {
            int length = run.Parameters.Length;
            Value weights = ProgramBuilder.Fixed(run.Parameters), gradient = Part(gradients, run);
            if (options.Optimizer is SgdOptimizer sgd)
                builder.Emit(new SgdStep(length, sgd.Nesterov), weights, gradient, Part(states[0], run), rates);
            else
                builder.Emit(new AdamWStep(length), weights, gradient, Part(states[0], run), Part(states[1], run), rates);
        }

        static Value Part(DeviceBuffer buffer, TrainableLayout.Run run) =>
            ProgramBuilder.Fixed(new BufferRange(buffer, run.Offset, run.Parameters.Length));
    }

    private DeviceBuffer PullTarget(ComputeDevice device)
    {
        ParameterSet source = options.PullTarget ?? parameters;
        DeviceBuffer target = Own(device.Allocate(layout.Length));
        foreach (string name in layout.Names)
        {
            (int offset, int length) = layout[name]!.Value;
            float[] values = new float[length];
            source.Read(name, values);
            target.Write(values, offset);
        }
        return target;
    }

    private void WriteHyperparameters()
    {
        float rate = options.Rate.At(Step);
        switch (options.Optimizer)
        {
            case SgdOptimizer sgd:
                hyper.Write([rate, sgd.Momentum, sgd.WeightDecay]);
                break;
            case AdamWOptimizer adam:
                float correction1 = (float)(1 - Math.Pow(adam.Beta1, Step + 1)), correction2 = (float)(1 - Math.Pow(adam.Beta2, Step + 1));
                hyper.Write([rate, adam.Beta1, adam.Beta2, adam.Epsilon, adam.WeightDecay, correction1, correction2]);
                break;
        }
    }
}
