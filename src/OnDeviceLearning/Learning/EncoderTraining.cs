using System.Diagnostics;
using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>What an encoder is trained on: inputs by number, with the class of each.</summary>
internal interface IEncoderExamples
{
    int Count { get; }

    /// <summary>Class of an example, an index of the class weights.</summary>
    int Label(int example);

    /// <summary>Writes the encoder's input, bent a little as the number of a stream says.</summary>
    void Write(int example, ulong stream, ulong number, Span<float> input);
}

/// <summary>
/// Moves a few parameters of an encoder, from the shipped ones on, so that its embeddings of the examples come to lie at
/// given class weights. Goes on in slices of any length; what update k sees depends on the seed and k alone.
/// </summary>
internal sealed class EncoderTraining : IDisposable
{
    private const float ClipNorm = 1;

    private readonly EncoderTuning tuning;
    private readonly EncoderTuningSettings settings;
    private readonly IEncoderExamples examples;
    private readonly int[][] byClass; // examples of each taught class
    private readonly ulong seed;
    private readonly ParameterSet parameters; // of the graph, or of the LoRA graph
    private readonly TrainingProgram program;
    private readonly float[] inputs; // [batch, ...]
    private readonly int[] targets;
    private readonly int inputLength;
    private int filled; // samples of the next update that are written
    private bool running;

    /// <param name="shipped">The weights to start from and to be pulled to; they stay, and must outlive this.</param>
    /// <param name="tuning">What moves.</param>
    /// <param name="settings">How.</param>
    /// <param name="examples">At least one.</param>
    /// <param name="classWeights">Unit rows [classes, D].</param>
    /// <param name="logitScale">What cosines are multiplied with.</param>
    /// <param name="seed">Of everything drawn.</param>
    public EncoderTraining(
        ParameterSet shipped, EncoderTuning tuning, EncoderTuningSettings settings, IEncoderExamples examples,
        ReadOnlySpan<float> classWeights, float logitScale, ulong seed)
    {
        (this.tuning, this.settings, this.examples, this.seed) = (tuning, settings, examples, seed);
        Graph graph = shipped.Graph;
        int classes = classWeights.Length / graph.OutputShape[^1];
        byClass = [.. Enumerable.Range(0, examples.Count).GroupBy(examples.Label).OrderBy(group => group.Key).Select(group => group.ToArray())];
        LoraGraph? lora = tuning == EncoderTuning.Lora ? new LoraGraph(graph, settings.Rank, settings.Alpha) : null;
        parameters = lora is null ? CopyOf(shipped) : lora.CreateParameters(shipped, seed);
        try
        {
            HashSet<string>? moving = lora is null ? [.. TunedParameters.Of(graph, tuning)] : null;
            float rate = settings.RateOf(tuning);
            program = TrainingProgram.Plan(parameters.Graph, parameters, settings.Batch,
                new TrainingOptions(
                    new CosineCrossEntropyLoss(classes, Math.Min(logitScale, settings.MaxScale)), new AdamWOptimizer(WeightDecay: 0),
                    LearningRateSchedule.Cosine(rate, settings.Updates / 10, settings.Updates))
                {
                    Trainable = lora is null ? moving!.Contains : lora.IsFactor,
                    ClipNorm = ClipNorm,
                    Pull = settings.Pull,
                });
            program.SetClassEmbeddings(classWeights);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
        inputLength = (int)graph.Input.Shape.ElementCount;
        inputs = new float[settings.Batch * inputLength];
        targets = new int[settings.Batch];
    }

    /// <summary>Updates finished.</summary>
    public int Step => program.Step;

    public bool IsDone => program.Step >= settings.Updates;

    /// <summary>Elements of what is trained.</summary>
    public int TrainedElements => program.TrainedElements;

    /// <summary>Goes on until the end or the deadline (a timestamp of <see cref="Stopwatch"/>).</summary>
    /// <param name="deadline">When to stop.</param>
    /// <param name="atLeastOne">Whether to do a step in any case.</param>
    /// <returns>True at the end.</returns>
    public bool Advance(long deadline, bool atLeastOne)
    {
        while (!IsDone)
        {
            if (!running)
            {
                if (!atLeastOne && Stopwatch.GetTimestamp() >= deadline) return false;
                atLeastOne = false;
                if (filled < settings.Batch)
                {
                    Fill(filled++);
                    continue;
                }
                program.SetInput(inputs);
                program.SetTargets(targets);
                program.Restart();
                running = true;
            }
            if (!program.Advance(deadline, atLeastOne)) return false;
            (running, filled, atLeastOne) = (false, 0, false);
        }
        return true;
    }

    /// <summary>Waits for what <see cref="Advance"/> has started.</summary>
    public void Wait() => program.Wait();

    /// <summary>Finishes the update under way and copies out what the next one goes on from.</summary>
    public TrainingState Capture()
    {
        while (running && !program.Advance(long.MaxValue, atLeastOne: true)) program.Wait();
        if (running) (running, filled) = (false, 0);
        return program.Capture();
    }

    /// <summary>Goes on from a captured state.</summary>
    public void Restore(TrainingState state)
    {
        (running, filled) = (false, 0);
        program.Restore(state);
    }

    /// <summary>What was learnt so far, at a point of the dial. Waits for the device.</summary>
    public EncoderAdapter Adapter(float mix) => new(tuning, settings.Rank, settings.Alpha, mix, Capture().Parameters);

    public void Dispose()
    {
        program.Dispose();
        parameters.Dispose();
    }

    // Classes count alike: first a class is drawn, then one of its examples.
    private void Fill(int sample)
    {
        ulong number = (ulong)program.Step * (ulong)settings.Batch + (ulong)sample;
        ulong stream = HeadEvidence.Mix(seed);
        int[] members = byClass[CountedRandom.Below(stream, number, byClass.Length)];
        int example = members[CountedRandom.Below(stream + 1, number, members.Length)];
        targets[sample] = examples.Label(example);
        examples.Write(example, stream + 2, number, inputs.AsSpan(sample * inputLength, inputLength));
    }

    private static ParameterSet CopyOf(ParameterSet source)
    {
        var copy = new ParameterSet(source.Device, source.Graph);
        try
        {
            ParameterBlend.Write(source, source, 0, copy);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }
}
