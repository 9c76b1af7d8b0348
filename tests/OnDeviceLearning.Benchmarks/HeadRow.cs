using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// A head learnt from 16 classes with 16 examples each, to a gradient norm of 1e-4: the fit on all examples alone, or with
/// the guard's fits without each fold and its judgement. One thread: learning is one thread's work in a game.
/// </summary>
internal sealed record HeadRow(bool WithGuard)
    : BenchmarkRow($"head, 16 classes x 16 examples, {(WithGuard ? "with guard" : "fit alone")}", RowKind.Head, 1)
{
    private const int Classes = 16, ExamplesPerClass = 16, Examples = Classes * ExamplesPerClass;

    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        var world = new EmbeddingWorld(Classes, Examples);
        // The minimum of the objective alone, which TorchSharp finds as well; a mean of the examples is mixed in afterwards.
        HeadTrainingSettings settings = WithGuard ? HeadTrainingSettings.Default : HeadTrainingSettings.Default with { MeanShare = 0 };
        var evidence = new HeadEvidence { PriorMix = 1 };
        evidence.Resize(Classes, Examples);
        world.Features.CopyTo(evidence.Features, 0);
        world.Labels.CopyTo(evidence.Labels, 0);
        world.Descriptions.CopyTo(evidence.Descriptions, 0);
        Array.Fill(evidence.Trust, 1f);
        // One fold is none: nothing is held out, and the guard has nothing to judge.
        evidence.AssignFolds(WithGuard ? settings.Folds : 1, seed: 0);
        var trainer = new HeadTrainer(settings);
        void Ours()
        {
            trainer.Begin(evidence, world.Width, world.LogitScale);
            while (!trainer.Step()) { }
        }

        Ours();
        if (!(trainer.GradientNorm <= settings.Tolerance))
            throw new BenchmarkException($"The fit ended at a gradient norm of {trainer.GradientNorm:E1}; expected at most {settings.Tolerance:E0}.");
        string remark = $"{trainer.Iterations} iterations";
        double? error = null;
        using IDisposable silence = NativeErrorStream.Silence();
        TorchHead? torch = null;
        if (!WithGuard)
        {
            // Fits that stop at a gradient norm lie apart by up to that over the pull, which is small for so many examples: the minimum
            // is compared where both come ten times as near to it, the time is that of the tolerance players have.
            HeadTrainingSettings near = settings with { Tolerance = settings.Tolerance / 10 };
            var nearer = new HeadTrainer(near);
            nearer.Begin(evidence, world.Width, world.LogitScale);
            while (!nearer.Step()) { }
            using (var judge = new TorchHead(world, near)) error = Agreement.Require("TorchSharp's head against ours", judge.Fit(), nearer.Head);
            torch = new TorchHead(world, settings);
            torch.Fit();
            remark += $"; TorchSharp's L-BFGS {torch.Evaluations} evaluations";
        }
        Distribution?[] times = Turns.Measure(effort, Ours, null, torch is null ? null : () => torch.Fit());
        torch?.Dispose();

        // Each iteration multiplies all examples that it sees with all weights, for the logits and for the gradient.
        long seen = WithGuard ? Examples - Examples / settings.Folds : Examples;
        var work = new Work(trainer.Iterations * 4L * seen * Classes * world.Width, 4L * (Examples + 3 * Classes) * world.Width);
        return new RowResult(this, times[0], null, times[2], work.On(limits, 1), error) { Remark = remark };
    }
}
