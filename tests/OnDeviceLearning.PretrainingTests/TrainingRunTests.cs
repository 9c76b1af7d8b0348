using System.Globalization;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;

namespace OnDeviceLearning.PretrainingTests;

public sealed class TrainingRunTests : TorchTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("odl-run-").FullName;

    public override void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        base.Dispose();
    }

    [Fact]
    public void A_run_that_goes_on_with_other_minutes_is_planned_at_once()
    {
        long end = Run(minutes: 0.001, new Counter(), out _, stopAfter: null);
        double seconds = SecondsPerStep();
        Assert.True(seconds > 0);

        // Stopped before it knows its own speed, it keeps the one it was planned with.
        Run(minutes: 5, new Counter(), out List<long> totals, stopAfter: 2);
        Assert.Equal([end + (long)(300 / seconds), end + (long)(300 / seconds)], totals);
        Assert.Equal(seconds, SecondsPerStep());
        Run(minutes: 7, new Counter(), out totals, stopAfter: 1);
        Assert.Equal([end + 2 + (long)(420 / seconds)], totals);
        // With the same minutes the plan stays.
        Run(minutes: 7, new Counter(), out List<long> same, stopAfter: 1);
        Assert.Equal(totals, same);
    }

    [Fact]
    public void A_state_without_a_speed_is_planned_from_the_next_steps()
    {
        var counter = new Counter { Step = 9 };
        TrainingRun.Save(counter, Path.Combine(folder, "state.safetensors"), 20, "a run", 1);
        Run(minutes: 2, new Counter(), out List<long> totals, stopAfter: 6);
        // Four steps to know the speed, and the plan is known to the one after.
        Assert.Equal([true, true, true, true, false, false], totals.Select(t => t == long.MaxValue));
        Assert.True(SecondsPerStep() > 0);
    }

    private long Run(double minutes, Counter counter, out List<long> totals, int? stopAfter)
    {
        using var stop = new CancellationTokenSource();
        List<long> seen = totals = [];
        var run = new TrainingRun(counter, new TrainingPlan(minutes, SpeedSteps: 4, folder, "a run"));
        bool ended = run.Train(total =>
        {
            Thread.Sleep(1);
            counter.Step++;
            seen.Add(total);
            if (seen.Count == stopAfter) stop.Cancel();
            return (1, 0);
        }, new Progress<TrainingProgress>(), stop.Token);
        Assert.Equal(stopAfter is null, ended);
        return counter.Step;
    }

    private double SecondsPerStep() =>
        double.Parse(SafetensorsReader.Read(Path.Combine(folder, "state.safetensors")).Metadata["secondsPerStep"], CultureInfo.InvariantCulture);

    private sealed class Counter : ITrainer
    {
        private readonly torch.Tensor weight = torch.ones(2);

        public long Step { get; set; }

        public IEnumerable<KeyValuePair<string, torch.Tensor>> State => [new("weight", weight)];
    }
}
