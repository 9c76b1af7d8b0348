using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Transfer;

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
    /// <exception cref="ArgumentException">
    /// An option is out of range, a side has one class only, the trunk has no such parameters, the file was trained on classes of the target,
    /// or the learning rate was too large: the loss was no number any more.
    /// </exception>
    /// <exception cref="ModelFormatException">The file is no image network.</exception>
    public static TransferReport Run(
        ComputeDevice device, TransferTask task, string? file, TransferOptions options, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Steps < 2) throw new ArgumentException($"Transfer: {options.Steps} steps; expected at least 2.", nameof(options));
        if (options.Replay != 0 && options.Replay < task.Source.Classes)
            throw new ArgumentException($"Transfer: {options.Replay} images to replay; expected at least {task.Source.Classes}, one a class of the source, or 0 for none.", nameof(options));
        if (options.Pull == 0 && options.Replay == 0)
            throw new ArgumentException("Transfer: lambda and the images to replay are both 0; expected at least one above 0, for the run that is to keep the source.", nameof(options));
        if (options.Dial.Any(mix => !(mix is >= 0 and <= 1))) throw new ArgumentException($"Transfer: the dial stands at {string.Join(", ", options.Dial)}; expected numbers from 0 to 1.", nameof(options));
        task.Check();
        (TransferNetwork network, Proportion before) = Source(device, task, file, options, progress, cancellation);

        TransferRow Row(string name, EncoderTuning tuning, float pull, int replay, bool scratch, string? path = null)
        {
            progress?.Invoke(name);
            using TrainedNetwork trained = TransferTraining.Run(device, network, task,
                new TransferTrainingOptions(tuning, options.Steps, options.Rate, pull, replay, scratch, options.Seed) { Augmentation = options.Augmentation }, cancellation);
            var row = new TransferRow(name, TransferTraining.Measure(trained.Parameters, network, task, source: false),
                scratch ? null : TransferTraining.Measure(trained.Parameters, network, task, source: true),
                scratch ? [] : Dial(trained.Parameters, network, task, options.Dial, cancellation), trained.Moved, trained.Loss, trained.MillisecondsPerStep);
            if (path is not null) TransferFile.Write(path, network, task, options, row, trained.Parameters);
            return row;
        }
        string origin = file is not null && !network.HasOwnHead ? $"{network.Name} with a head that was trained here" : network.Name;
        return new TransferReport(origin, before,
            Row("unregularised", options.Train, 0, 0, false),
            Row(options.Regularisation, options.Train, options.Pull, options.Replay, false, options.Out),
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
        using var start = new ParameterSet(device, TransferNetwork.WithHeads(network.Trunk, task.Source.Classes, task.Target.Classes));
        WriteSource(network, start);
        return (network, TransferTraining.Measure(start, network, task, source: true));
    }

    /// <summary>The trunk and the head that the source came with; the target's head stays as it is.</summary>
    private static void WriteSource(TransferNetwork network, ParameterSet parameters)
    {
        foreach ((string name, float[] values) in network.Weights) parameters.Write(name, values);
        parameters.Write($"{TransferNetwork.SourceHead}.weight", network.Head!.Value.Weight);
        parameters.Write($"{TransferNetwork.SourceHead}.bias", network.Head.Value.Bias);
    }

    private static TransferDial[] Dial(ParameterSet tuned, TransferNetwork network, TransferTask task, IReadOnlyList<float> mixes, CancellationToken cancellation)
    {
        if (mixes.Count == 0) return [];
        using ParameterSet original = new(tuned.Device, tuned.Graph), between = new(tuned.Device, tuned.Graph);
        ParameterBlend.Write(tuned, tuned, 1, original);
        WriteSource(network, original);
        var rows = new List<TransferDial>();
        foreach (float mix in mixes)
        {
            cancellation.ThrowIfCancellationRequested();
            ParameterBlend.Write(original, tuned, mix, between);
            rows.Add(new TransferDial(mix, TransferTraining.Measure(between, network, task, source: false), TransferTraining.Measure(between, network, task, source: true)));
        }
        return [.. rows];
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
