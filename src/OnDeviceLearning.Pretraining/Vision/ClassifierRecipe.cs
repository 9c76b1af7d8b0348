using System.Globalization;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Torch;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>What a classifier recipe ended with.</summary>
/// <param name="Finished">Whether the run reached its end; otherwise nothing was written.</param>
/// <param name="TestAccuracy">On images never trained on; null without a test part.</param>
/// <param name="TestImages">How many those are.</param>
public sealed record ClassifierResult(bool Finished, double? TestAccuracy, int TestImages);

/// <summary>
/// Trains an ordinary classifier and writes its trunk as a backbone, with the head beside it (<c>head.weight</c>,
/// <c>head.bias</c> over the features before they are normalised; <c>odl.head</c> names the classes).
/// </summary>
public static class ClassifierRecipe
{
    // Statistics of the training parts: inputs are (value - mean) / deviation.
    private static readonly float[] cifarMean = [0.4914f, 0.4822f, 0.4465f], cifarDeviation = [0.247f, 0.2435f, 0.2616f];
    private static readonly float[] fashionMean = [0.286f], fashionDeviation = [0.353f];

    /// <summary>CIFAR-10 from its official binary files with the brief's network, mirrored and cropped with a margin of 4 pixels.</summary>
    /// <param name="options">Where, how long.</param>
    /// <param name="imagesPerFile">Other than the official 10,000 only for an excerpt of one's own.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static ClassifierResult Cifar10(VisionRecipeOptions options, int imagesPerFile, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        LabelledImages training = Cifar.ReadCifar10(options.Data, imagesPerFile: imagesPerFile);
        LabelledImages? test;
        try
        {
            test = Cifar.ReadCifar10(options.Data, test: true, imagesPerFile);
        }
        catch (FileNotFoundException)
        {
            test = null;
        }
        return Run("cifar10", ClassifierModel.Cifar(), training, test, cifarMean, cifarDeviation, new Settings(128, 4, new ClassifierTraining(new WarmUpCosine(0.05, 200), 5e-4, 0), 40),
            "CIFAR-10, training part", options, progress, cancellation);
    }

    /// <summary>
    /// Fashion-MNIST, classes 0 to 4 alone (5 to 9 are never seen) or all ten. The last sixth of the training part is never
    /// trained on: it is the test part where the official one is not at hand.
    /// </summary>
    /// <param name="options">Where, how long.</param>
    /// <param name="allClasses">Whether to train on all ten classes.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static ClassifierResult Fashion(VisionRecipeOptions options, bool allClasses, IProgress<TrainingProgress> progress, CancellationToken cancellation) =>
        Fashion(options, allClasses, FashionMnist.Read(options.Data), 40, progress, cancellation);

    internal static ClassifierResult Fashion(
        VisionRecipeOptions options, bool allClasses, LabelledImages images, int speedSteps, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        int[] classes = [.. Enumerable.Range(0, allClasses ? 10 : 5)];
        int trained = images.Count / 6 * 5;
        LabelledImages training = images.Subset([.. Enumerable.Range(0, trained)]).OfClasses(classes);
        LabelledImages test = images.Subset([.. Enumerable.Range(trained, images.Count - trained)]).OfClasses(classes);
        return Run("fashion", ClassifierModel.Fashion(), training, test, fashionMean, fashionDeviation, new Settings(128, 2, new ClassifierTraining(new WarmUpCosine(0.05, 100), 5e-4, 0.05), speedSteps),
            $"Fashion-MNIST, classes 0 to {classes[^1]}, first five sixths of the training part", options, progress, cancellation);
    }

    /// <param name="Batch">Images of a step.</param>
    /// <param name="Padding">Margin of the crops.</param>
    /// <param name="Training">Rates.</param>
    /// <param name="SpeedSteps">Steps before the plan is made.</param>
    internal sealed record Settings(int Batch, int Padding, ClassifierTraining Training, int SpeedSteps);

    internal static ClassifierResult Run(
        string name, ClassifierModel model, LabelledImages training, LabelledImages? test, float[] mean, float[] deviation, Settings settings, string data,
        VisionRecipeOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        options.Prepare();
        int classes = training.ClassNames.Count, pictured = training.Labels.Distinct().Count();
        // Better now than after the training.
        if (pictured < 2) throw new FormatException($"{data}: {training.Count} images of {pictured} class; expected at least 2 classes.");
        ImageCalibration.Check(training);
        var trainer = new ClassifierTrainer(model, classes, mean, deviation, options.Seed, settings.Training, TorchTensors.FastPrecision);
        string identity = string.Create(CultureInfo.InvariantCulture, $"{name}, seed {options.Seed}, {training.Count} images of {classes} classes");
        var run = new TrainingRun(trainer, new TrainingPlan(options.Minutes, settings.SpeedSteps, options.CheckpointFolder, identity));
        var batches = new ClassifierBatches(training, settings.Batch, settings.Padding, options.Seed);
        using (var queue = new BatchQueue<ImageBatch>(batches.Make, trainer.Step))
            if (!run.Train(total => trainer.Update(queue.Next(), total), progress, cancellation)) return new ClassifierResult(false, null, 0);
        double? accuracy = test is null ? null : trainer.Accuracy(test);
        var provenance = new JsonObject { ["recipe"] = $"odl pretrain {name}", ["seed"] = options.Seed, ["steps"] = trainer.Step, ["batch"] = batches.Size, ["data"] = data };
        if (accuracy is { } share) provenance["testAccuracy"] = Math.Round(share, 4);
        var head = new JsonObject { ["features"] = model.Trunk.Output, ["classes"] = new JsonArray([.. training.ClassNames.Select(c => (JsonNode)c)]) };
        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        BackboneFile.Write(uncalibrated, model.Encoder(), trainer.Tensors, BackboneFile.Preprocessing("image", training.Channels, training.Height, mean, deviation),
            LogitScale, "MIT", provenance, new KeyValuePair<string, string>("odl.head", head.ToJsonString()));
        ImageCalibration.Complete(uncalibrated, options.Out, training, options.Seed, cancellation);
        return new ClassifierResult(true, accuracy, test?.Count ?? 0);
    }

    // A cross-entropy trunk is trained with no scale of its own; this one suits means of a few examples.
    private const float LogitScale = 16;
}
