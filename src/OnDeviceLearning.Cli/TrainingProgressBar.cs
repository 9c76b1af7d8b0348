using System.Globalization;
using OnDeviceLearning.Pretraining.Sigils;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>Shows a training run: a bar with loss, accuracy and time left on a terminal, a line a minute elsewhere.</summary>
internal static class TrainingProgressBar
{
    public static void Show(TextWriter error, Action<IProgress<TrainingProgress>> train)
    {
        if (!Terminal.IsInteractive(error))
        {
            train(new Lines(error));
            return;
        }
        Terminal.Console(error).Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .Start(context => train(new Bar(context.AddTask("measuring the speed", maxValue: 1))));
    }

    private static string Describe(TrainingProgress p) => string.Create(CultureInfo.InvariantCulture,
        $"step {p.Step}{(p.TotalSteps < long.MaxValue ? $" of {p.TotalSteps}" : "")}  loss {p.Loss:F3}  accuracy {p.Accuracy:P1}  {Left(p.Left)} left");

    private static string Left(TimeSpan left) =>
        left.TotalHours >= 1 ? $"{(int)left.TotalHours} h {left.Minutes:D2} min" : left.TotalMinutes >= 1 ? $"{left.Minutes} min {left.Seconds:D2} s" : $"{Math.Max(0, left.Seconds)} s";

    private sealed class Bar(ProgressTask task) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            // The plan's length is not known until its first steps have been timed.
            if (value.TotalSteps < long.MaxValue)
            {
                task.MaxValue = value.TotalSteps;
                task.Value = value.Step;
            }
            task.Description = Describe(value);
        }
    }

    private sealed class Lines(TextWriter error) : IProgress<TrainingProgress>
    {
        private long next = Environment.TickCount64;

        public void Report(TrainingProgress value)
        {
            if (Environment.TickCount64 < next && value.Step != value.TotalSteps) return;
            next = Environment.TickCount64 + 60_000;
            error.WriteLine(Describe(value));
        }
    }
}
