using System.Globalization;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Torch;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>Trains the characters backbone on the background set of Omniglot.</summary>
public static class OmniglotRecipe
{
    /// <summary>Runs to the end of its plan, or until cancelled (the state is kept; nothing is written to <c>Out</c> then).</summary>
    /// <param name="options">Where, how long.</param>
    /// <param name="holdOut">Whether the alphabets that <see cref="Omniglot.Split"/> holds out are kept from training.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>Whether the run reached its end.</returns>
    public static bool Run(VisionRecipeOptions options, bool holdOut, IProgress<TrainingProgress> progress, CancellationToken cancellation) =>
        Run(options, holdOut, classesPerStep: 40, speedSteps: 40, progress, cancellation);

    internal static bool Run(
        VisionRecipeOptions options, bool holdOut, int classesPerStep, int speedSteps, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        LabelledImages all = Omniglot.ReadBackground(options.Data, 2 * CharacterModel.Side);
        options.Prepare();
        LabelledImages training = holdOut ? all.OfClasses(Omniglot.Split(all).Training) : all;
        var batches = new CharacterBatches(training, classesPerStep, options.Seed);
        var trainer = new CharacterTrainer(batches.ClassCount, options.Seed, TorchTensors.FastPrecision);
        string identity = string.Create(CultureInfo.InvariantCulture, $"omniglot, seed {options.Seed}, {batches.ClassCount} classes");
        var run = new TrainingRun(trainer, new TrainingPlan(options.Minutes, speedSteps, options.CheckpointFolder, identity));
        using (var queue = new BatchQueue<CharacterBatch>(batches.Make, trainer.Step))
            if (!run.Train(total => trainer.Update(queue.Next(), total), progress, cancellation)) return false;

        var provenance = new JsonObject
        {
            ["recipe"] = "odl pretrain omniglot",
            ["seed"] = options.Seed,
            ["steps"] = trainer.Step,
            ["batch"] = batches.Size,
            ["data"] = $"Omniglot background set, {training.ClassNames.Count} characters",
            ["heldOut"] = new JsonArray([.. all.ClassNames.Except(training.ClassNames).Select(Omniglot.AlphabetOf).Distinct().Select(a => (JsonNode)a)]),
        };
        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        BackboneFile.Write(uncalibrated, CharacterModel.Image(), trainer.Averaged,
            BackboneFile.Preprocessing("drawing", 1, CharacterModel.Side, [CharacterModel.Mean], [CharacterModel.Deviation]), CharacterTrainer.LogitScale, "MIT", provenance);
        string unknown;
        using (Backbone backbone = Backbone.Load(uncalibrated)) unknown = ImageCalibration.Unknown(backbone, training, 20, 100, options.Seed, cancellation);
        BackboneFile.Complete(uncalibrated, options.Out, new KeyValuePair<string, string>("odl.unknown", unknown));
        return true;
    }
}
