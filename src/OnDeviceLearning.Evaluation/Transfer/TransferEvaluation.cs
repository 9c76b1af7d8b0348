using OnDeviceLearning.Graphs;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>What <see cref="TransferEvaluation.Run"/> is asked for.</summary>
/// <param name="Train">What of the trunk moves besides the new head.</param>
/// <param name="Pull">lambda of L2-SP in the regularised run.</param>
/// <param name="Replay">Source images kept in the regularised run.</param>
/// <param name="Steps">Updates of each run.</param>
/// <param name="SourceSteps">Updates with which a source network, or its head, is trained where the file brings none.</param>
/// <param name="Rate">The largest learning rate; null for that of the kind.</param>
/// <param name="Seed">Seed of everything drawn.</param>
public sealed record TransferOptions(EncoderTuning Train, float Pull, int Replay, int Steps, int SourceSteps, float? Rate, int Seed);

/// <summary>One way of training.</summary>
/// <param name="Name">Which.</param>
/// <param name="Target">Share of the target's test images recognised.</param>
/// <param name="Source">The same of the source's, with the trunk as it is now; nothing where it never knew them.</param>
/// <param name="Moved">Number of parameters of the trunk that were trained.</param>
/// <param name="MillisecondsPerStep">Wall time of an update.</param>
public sealed record TransferRow(string Name, Proportion Target, Proportion? Source, long Moved, double MillisecondsPerStep);

/// <summary>The outcome.</summary>
/// <param name="Network">What was started from.</param>
/// <param name="SourceBefore">Share of the source's test images recognised before.</param>
/// <param name="Unregularised">Trained on the target alone.</param>
/// <param name="Regularised">With L2-SP and replay.</param>
/// <param name="Scratch">From random weights, every parameter, as many updates.</param>
public sealed record TransferReport(string Network, Proportion SourceBefore, TransferRow Unregularised, TransferRow Regularised, TransferRow Scratch)
{
    /// <summary>How far the source falls with L2-SP and replay, in points.</summary>
    public double Fall => 100 * (SourceBefore.Value - Regularised.Source!.Value.Value);

    /// <summary>How far the target lies below the unregularised run's, in points.</summary>
    public double TargetCost => 100 * (Unregularised.Target.Value - Regularised.Target.Value);
}

/// <summary>Transfer on the device: what the target gains from the source, and what the source loses.</summary>
public static class TransferEvaluation
{
    /// <summary>
    /// Trains and measures. Without a file the source is a small convnet that is trained here first, on the source's
    /// training images alone; where a file has no head for the source, one is trained on the frozen trunk.
    /// </summary>
    /// <param name="device">Where everything is trained.</param>
    /// <param name="task">The data.</param>
    /// <param name="file">The source network; null to train one.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told which run begins.</param>
    /// <param name="cancellation">Stops between two updates.</param>
    /// <exception cref="ArgumentException">An option is out of range, the trunk has no such parameters, or the file was trained on classes of the target.</exception>
    /// <exception cref="ModelFormatException">The file is no image network.</exception>
    public static TransferReport Run(
        ComputeDevice device, TransferTask task, string? file, TransferOptions options, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Steps < 2) throw new ArgumentException($"Transfer: {options.Steps} steps; expected at least 2.", nameof(options));
        if (options.Replay < task.Source.Classes)
            throw new ArgumentException($"Transfer: {options.Replay} images to replay; expected at least {task.Source.Classes}, one a class of the source.", nameof(options));
        (TransferNetwork network, Proportion before) = Source(device, task, file, options, progress, cancellation);

        TransferRow Row(string name, EncoderTuning tuning, float pull, int replay, bool scratch)
        {
            progress?.Invoke(name);
            using TrainedNetwork trained = TransferTraining.Run(device, network, task,
                new TransferTrainingOptions(tuning, options.Steps, options.Rate, pull, replay, scratch, options.Seed), cancellation);
            return new TransferRow(name, TransferTraining.Measure(trained, network, task, source: false),
                scratch ? null : TransferTraining.Measure(trained, network, task, source: true), trained.Moved, trained.MillisecondsPerStep);
        }
        return new TransferReport(network.Name, before,
            Row("unregularised", options.Train, 0, 0, false),
            Row("L2-SP + replay", options.Train, options.Pull, options.Replay, false),
            Row("from scratch", EncoderTuning.All, 0, 0, true));
    }

    private static (TransferNetwork Network, Proportion Before) Source(
        ComputeDevice device, TransferTask task, string? file, TransferOptions options, Action<string>? progress, CancellationToken cancellation)
    {
        TransferNetwork network;
        if (file is null)
        {
            Datasets.LabelledImages images = task.Source.Training;
            Graph trunk = TransferNetwork.SmallTrunk(images.Channels, images.Height, images.Width);
            float[] mean = [.. Enumerable.Repeat(0.3f, images.Channels)], deviation = [.. Enumerable.Repeat(0.35f, images.Channels)];
            network = new TransferNetwork("small convnet, trained here", trunk, new Dictionary<string, float[]>(), null, mean, deviation);
        }
        else
        {
            network = TransferNetwork.Read(file, task.Source.Training.ClassNames, task.Target.Training.ClassNames);
        }
        // The source as a target: the whole network from scratch, only the head on a frozen trunk, or nothing at all.
        var reversed = new TransferTask(task.Target, task.Source);
        if (network.Head is null)
        {
            progress?.Invoke(file is null ? "training the source network" : "training a head for the source");
            using TrainedNetwork trained = TransferTraining.Run(device, network, reversed,
                new TransferTrainingOptions(EncoderTuning.None, options.SourceSteps, null, 0, 0, file is null, options.Seed), cancellation);
            network = network with { Weights = Weights(trained.Parameters, network.Trunk), Head = Head(trained.Parameters, TransferNetwork.TargetHead) };
        }
        using TrainedNetwork start = Untrained(device, network, task);
        return (network, TransferTraining.Measure(start, network, task, source: true));
    }

    private static TrainedNetwork Untrained(ComputeDevice device, TransferNetwork network, TransferTask task)
    {
        var parameters = new ParameterSet(device, TransferNetwork.WithHeads(network.Trunk, task.Source.Classes, task.Target.Classes));
        foreach ((string name, float[] values) in network.Weights) parameters.Write(name, values);
        parameters.Write($"{TransferNetwork.SourceHead}.weight", network.Head!.Value.Weight);
        parameters.Write($"{TransferNetwork.SourceHead}.bias", network.Head.Value.Bias);
        return new TrainedNetwork(parameters, 0, 0);
    }

    private static Dictionary<string, float[]> Weights(ParameterSet parameters, Graph trunk) =>
        trunk.Parameters.ToDictionary(p => p.Name, p => Values(parameters, p.Name, p.Shape.ElementCount));

    private static (float[], float[]) Head(ParameterSet parameters, string head)
    {
        GraphParameter weight = parameters.Graph.Parameters.Single(p => p.Name == $"{head}.weight");
        return (Values(parameters, weight.Name, weight.Shape.ElementCount), Values(parameters, $"{head}.bias", weight.Shape[0]));
    }

    private static float[] Values(ParameterSet parameters, string name, long length)
    {
        var values = new float[length];
        parameters.Read(name, values);
        return values;
    }
}
