using System.Diagnostics;
using System.Globalization;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using TorchSharp;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>What a run trains, as far as stopping and going on need to know it.</summary>
internal interface ITrainer
{
    /// <summary>Updates done.</summary>
    long Step { get; set; }

    /// <summary>Everything a resumed run needs besides the step.</summary>
    IEnumerable<KeyValuePair<string, torch.Tensor>> State { get; }
}

/// <summary>How long a run goes, and where its state is kept.</summary>
/// <param name="Minutes">
/// Training time; the number of steps that fit is planned from the speed of the first ones. A run that goes on with other
/// minutes than it began with is planned anew, from the speed it had: so many from now on.
/// </param>
/// <param name="SpeedSteps">Steps before the plan is made; the second half of them is timed.</param>
/// <param name="CheckpointFolder">Where the state is kept every few minutes; a run found there goes on.</param>
/// <param name="Identity">What a state must agree with to be gone on from: another seed or start is another run.</param>
internal sealed record TrainingPlan(double Minutes, int SpeedSteps, string CheckpointFolder, string Identity);

/// <summary>A training run that can be stopped at any step and goes on from its last state.</summary>
internal sealed class TrainingRun
{
    private static readonly TimeSpan checkpointEvery = TimeSpan.FromMinutes(3);
    private readonly ITrainer trainer;
    private readonly TrainingPlan plan;
    private long totalSteps = long.MaxValue;
    private double? secondsPerStep; // known once a plan was made

    /// <summary>Begins a run, or goes on with the one whose state is in the folder.</summary>
    /// <exception cref="ModelFormatException">The state there is that of another run.</exception>
    public TrainingRun(ITrainer trainer, TrainingPlan plan)
    {
        this.trainer = trainer;
        this.plan = plan;
        Directory.CreateDirectory(plan.CheckpointFolder);
        if (File.Exists(Checkpoint)) totalSteps = Restore(trainer, Checkpoint, plan.Identity, plan.Minutes, out secondsPerStep);
    }

    private string Checkpoint => Path.Combine(plan.CheckpointFolder, "state.safetensors");

    /// <summary>Steps of the whole run; <see cref="long.MaxValue"/> before they are planned.</summary>
    public long TotalSteps => Volatile.Read(ref totalSteps);

    /// <summary>Updates until the plan's end or until cancelled; the state is kept in both cases.</summary>
    /// <param name="update">One update, given the number of steps planned; returns loss and accuracy.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>Whether the plan's end was reached.</returns>
    public bool Train(Func<long, (double Loss, double Accuracy)> update, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        long timedFrom = trainer.Step, planAt = trainer.Step + plan.SpeedSteps;
        TimeSpan saved = TimeSpan.Zero;
        double loss = double.NaN, accuracy = double.NaN;
        while (trainer.Step < totalSteps && !cancellation.IsCancellationRequested)
        {
            // The first steps, which warm up, say nothing of the speed that the plan is made with.
            if (totalSteps == long.MaxValue && trainer.Step == planAt - plan.SpeedSteps / 2)
            {
                clock.Restart();
                timedFrom = trainer.Step;
            }
            (double stepLoss, double stepAccuracy) = update(totalSteps);
            double perStep = clock.Elapsed.TotalSeconds / (trainer.Step - timedFrom);
            if (trainer.Step >= planAt) secondsPerStep = perStep;
            if (totalSteps == long.MaxValue && trainer.Step >= planAt)
                Volatile.Write(ref totalSteps, Planned(trainer.Step, plan.Minutes, perStep));
            loss = double.IsNaN(loss) ? stepLoss : loss + 0.02 * (stepLoss - loss);
            accuracy = double.IsNaN(accuracy) ? stepAccuracy : accuracy + 0.02 * (stepAccuracy - accuracy);
            progress.Report(new TrainingProgress(trainer.Step, totalSteps, loss, accuracy,
                totalSteps == long.MaxValue ? TimeSpan.FromMinutes(plan.Minutes) : TimeSpan.FromSeconds((totalSteps - trainer.Step) * perStep)));
            if (clock.Elapsed - saved > checkpointEvery)
            {
                saved = clock.Elapsed;
                Save(trainer, Checkpoint, totalSteps, plan.Identity, plan.Minutes, secondsPerStep);
            }
        }
        Save(trainer, Checkpoint, totalSteps, plan.Identity, plan.Minutes, secondsPerStep);
        return trainer.Step >= totalSteps;
    }

    /// <summary>Keeps a state.</summary>
    public static void Save(ITrainer trainer, string path, long totalSteps, string identity, double minutes, double? secondsPerStep = null)
    {
        var metadata = new Dictionary<string, string>
        {
            ["step"] = trainer.Step.ToString(CultureInfo.InvariantCulture),
            ["totalSteps"] = totalSteps.ToString(CultureInfo.InvariantCulture),
            ["run"] = identity,
            ["minutes"] = minutes.ToString("R", CultureInfo.InvariantCulture),
        };
        if (secondsPerStep is { } seconds) metadata["secondsPerStep"] = seconds.ToString("R", CultureInfo.InvariantCulture);
        SafetensorsWriter.Write(path, trainer.State.Select(p => TorchTensors.ToFile(p.Key, p.Value, SafetensorsType.F32)), metadata);
    }

    /// <inheritdoc cref="Restore(ITrainer, string, string, double, out double?)"/>
    public static long Restore(ITrainer trainer, string path, string identity, double minutes) => Restore(trainer, path, identity, minutes, out _);

    /// <summary>
    /// Takes over a state; returns the steps it is part of. With other minutes than it was kept with, these are planned anew
    /// at once, so that no step is taken at the rate of a run without an end; where its speed is not known,
    /// <see cref="long.MaxValue"/>.
    /// </summary>
    /// <exception cref="ModelFormatException">It is the state of another run.</exception>
    public static long Restore(ITrainer trainer, string path, string identity, double minutes, out double? secondsPerStep)
    {
        SafetensorsFile file = SafetensorsReader.Read(path);
        if (!file.Metadata.TryGetValue("run", out string? other) || other != identity)
            throw new ModelFormatException($"{path}: it is the state of another run ({other ?? "of an earlier version"}); this one is {identity}. Choose another checkpoint folder, or delete that one.");
        foreach ((string name, torch.Tensor parameter) in trainer.State) TorchTensors.Read(file, path, name, parameter);
        trainer.Step = Count("step");
        secondsPerStep = double.TryParse(file.Metadata.GetValueOrDefault("secondsPerStep"), CultureInfo.InvariantCulture, out double seconds) && seconds > 0 && double.IsFinite(seconds) ? seconds : null;
        if (file.Metadata.GetValueOrDefault("minutes") == minutes.ToString("R", CultureInfo.InvariantCulture)) return Count("totalSteps");
        return secondsPerStep is { } known ? Planned(trainer.Step, minutes, known) : long.MaxValue;

        long Count(string key) => file.Metadata.TryGetValue(key, out string? text) && long.TryParse(text, CultureInfo.InvariantCulture, out long count) ? count
            : throw new ModelFormatException($"{path}: the metadata has no number '{key}'; it is no checkpoint of this recipe. Choose another checkpoint folder.");
    }

    private static long Planned(long step, double minutes, double secondsPerStep) => step + (long)(minutes * 60 / secondsPerStep);
}
