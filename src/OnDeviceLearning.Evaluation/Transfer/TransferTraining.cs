using System.Diagnostics;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>How a network is trained on the device.</summary>
/// <param name="Tuning">What of the trunk moves.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Rate">The largest learning rate; null for that of the kind.</param>
/// <param name="Pull">lambda of L2-SP; the new head is pulled to where it starts, near zero, as weight decay would.</param>
/// <param name="Replay">Source images that are kept and learned along; 0 for none.</param>
/// <param name="FromScratch">Whether every weight starts at random instead of at the source's.</param>
/// <param name="Seed">Seed of weights and batches.</param>
public sealed record TransferTrainingOptions(EncoderTuning Tuning, int Steps, float? Rate, float Pull, int Replay, bool FromScratch, int Seed)
{
    /// <summary>How images are varied.</summary>
    public TransferAugmentation Augmentation { get; init; }

    /// <summary>Target images of an update.</summary>
    public const int Batch = 32;

    /// <summary>Source images of an update that replays.</summary>
    public const int ReplayBatch = 16;

    /// <summary>Width of LoRA's pairs, and its alpha.</summary>
    public const int LoraRank = 8;

    /// <summary>The largest learning rate of AdamW.</summary>
    public float LargestRate => Rate ?? (FromScratch ? 1e-3f : Tuning switch
    {
        EncoderTuning.None or EncoderTuning.NormOnly or EncoderTuning.Lora => 2e-3f,
        _ => 1e-3f,
    });
}

/// <summary>A network that was trained, on the device: the trunk, the source's head and the target's head.</summary>
/// <param name="Parameters">Of the trunk with both heads.</param>
/// <param name="Moved">Number of parameters of the trunk that were trained.</param>
/// <param name="Loss">Mean over the last tenth of the updates.</param>
/// <param name="MillisecondsPerStep">Wall time of an update.</param>
internal sealed record TrainedNetwork(ParameterSet Parameters, long Moved, double Loss, double MillisecondsPerStep) : IDisposable
{
    public void Dispose() => Parameters.Dispose();
}

/// <summary>Trains with the runtime: a head for the target on the source's trunk, of which a part moves along.</summary>
internal static class TransferTraining
{
    private const int MeasuredOn = 64, TestBatch = 50;

    /// <summary>
    /// Trains. An update is the cross-entropy of target images over the target's classes; with replay it is one softmax
    /// over the classes of both sides, for images of both.
    /// </summary>
    public static TrainedNetwork Run(ComputeDevice device, TransferNetwork network, TransferTask task, TransferTrainingOptions options, CancellationToken cancellation)
    {
        bool replays = options.Replay > 0;
        int sourceClasses = task.Source.Classes, targetClasses = task.Target.Classes;
        Graph graph = TransferNetwork.WithHeads(network.Trunk, replays ? sourceClasses : 0, targetClasses);
        var images = new TransferImages(network);
        var target = new BalancedDraw(task.Target.Training, options.Seed);
        BalancedDraw? memory = replays ? new BalancedDraw(task.Source.Training, options.Seed + 1, options.Replay) : null;

        using var start = new ParameterSet(device, graph);
        var measured = new float[MeasuredOn * images.Length];
        for (int i = 0; i < MeasuredOn; i++) images.Write(task.Target.Training, target.Next(), measured.AsSpan(i * images.Length, images.Length));
        FreshWeights.Draw(start, options.Seed, measured, MeasuredOn);
        if (!options.FromScratch) foreach ((string name, float[] values) in network.Weights) start.Write(name, values);
        if (replays) WriteHead(start, TransferNetwork.SourceHead, network.Head!.Value);

        LoraGraph? lora = options.Tuning == EncoderTuning.Lora && !options.FromScratch
            ? new LoraGraph(graph, TransferTrainingOptions.LoraRank, TransferTrainingOptions.LoraRank, node => !FreshWeights.IsHead(node)) : null;
        HashSet<string> moving = lora is not null
            ? [.. lora.Adapted.Parameters.Select(p => p.Name).Where(lora.IsFactor)]
            : [.. TunedParameters.Of(network.Trunk, options.FromScratch ? EncoderTuning.All : options.Tuning)];
        using ParameterSet? adapted = lora?.CreateParameters(start, (ulong)options.Seed);
        ParameterSet parameters = adapted ?? start;
        int batch = TransferTrainingOptions.Batch + (replays ? TransferTrainingOptions.ReplayBatch : 0);
        using TrainingProgram program = TrainingProgram.Plan(parameters.Graph, parameters, batch,
            new TrainingOptions(
                new SoftmaxCrossEntropyLoss(), new AdamWOptimizer(WeightDecay: 0),
                LearningRateSchedule.Cosine(options.LargestRate, Math.Min(options.Steps - 1, options.Steps / 10), options.Steps))
            {
                Trainable = name => moving.Contains(name) || FreshWeights.IsHead(name),
                ClipNorm = 1,
                Pull = options.Pull,
            });
        long moved = parameters.Graph.Parameters.Where(p => moving.Contains(p.Name)).Sum(p => p.Shape.ElementCount);
        (double loss, double milliseconds) = Train(program, task, images, target, memory, batch, options, cancellation);

        var result = new ParameterSet(device, TransferNetwork.WithHeads(network.Trunk, sourceClasses, targetClasses));
        using ParameterSet? merged = lora is null ? null : new ParameterSet(device, graph);
        lora?.Merge(adapted!, merged!);
        foreach (GraphParameter parameter in graph.Parameters)
        {
            var values = new float[parameter.Shape.ElementCount];
            (merged ?? parameters).Read(parameter.Name, values);
            result.Write(parameter.Name, values);
        }
        if (!replays && network.Head is { } head) WriteHead(result, TransferNetwork.SourceHead, head);
        return new TrainedNetwork(result, moved, loss, milliseconds);
    }

    /// <summary>The share of test images of a side whose class the logits of its own head name.</summary>
    public static Proportion Measure(ParameterSet parameters, TransferNetwork network, TransferTask task, bool source)
    {
        LabelledImages test = source ? task.Source.Test : task.Target.Test;
        int first = source ? 0 : task.Source.Classes, classes = source ? task.Source.Classes : task.Target.Classes;
        Graph graph = parameters.Graph;
        int outputs = graph.OutputShape[0], batch = Math.Min(TestBatch, test.Count);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, batch);
        var images = new TransferImages(network);
        float[] inputs = new float[batch * images.Length], logits = new float[batch * outputs];
        Proportion right = default;
        for (int start = 0; start < test.Count; start += batch)
        {
            int count = Math.Min(batch, test.Count - start);
            for (int i = 0; i < count; i++) images.Write(test, start + i, inputs.AsSpan(i * images.Length, images.Length));
            program.SetInput(inputs);
            program.Run();
            program.Output.Read(logits);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> own = logits.AsSpan(i * outputs + first, classes);
                int best = 0;
                for (int c = 1; c < classes; c++) if (own[c] > own[best]) best = c;
                right = right.With(best == test.Labels[start + i]);
            }
        }
        return right;
    }

    private static (double Loss, double Milliseconds) Train(
        TrainingProgram program, TransferTask task, TransferImages images, BalancedDraw target, BalancedDraw? memory, int batch, TransferTrainingOptions options, CancellationToken cancellation)
    {
        var inputs = new float[batch * images.Length];
        var labels = new int[batch];
        // Its own numbers, so that the same images are drawn with and without.
        TransferVariation? variation = options.Augmentation == TransferAugmentation.None ? null : new TransferVariation(images, options.Augmentation, options.Seed + 2);
        int last = options.Steps - Math.Max(1, options.Steps / 10);
        double loss = 0;
        long begun = Stopwatch.GetTimestamp();
        for (int step = 0; step < options.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch; i++)
            {
                bool own = i < TransferTrainingOptions.Batch;
                LabelledImages set = own ? task.Target.Training : task.Source.Training;
                int image = own ? target.Next() : memory!.Next();
                Span<float> to = inputs.AsSpan(i * images.Length, images.Length);
                if (variation is null) images.Write(set, image, to);
                else variation.Write(set, image, to);
                // The target's logits stand behind the source's where there are any.
                labels[i] = set.Labels[image] + (own && memory is not null ? task.Source.Classes : 0);
            }
            program.SetInput(inputs);
            program.SetTargets(labels);
            program.Run();
            float now = program.Loss;
            if (!float.IsFinite(now))
                throw new ArgumentException($"Transfer: the loss is no number any more after {step} updates; expected a learning rate below {options.LargestRate}.", nameof(options));
            if (step >= last) loss += now;
        }
        return (loss / (options.Steps - last), Stopwatch.GetElapsedTime(begun).TotalMilliseconds / options.Steps);
    }

    private static void WriteHead(ParameterSet parameters, string head, (float[] Weight, float[] Bias) values)
    {
        parameters.Write($"{head}.weight", values.Weight);
        parameters.Write($"{head}.bias", values.Bias);
    }
}
