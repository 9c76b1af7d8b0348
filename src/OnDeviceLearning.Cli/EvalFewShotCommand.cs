using System.CommandLine;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.FewShot;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl eval fewshot</c>: a few examples a class, with every method on the same features and episodes.</summary>
internal static class EvalFewShotCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var dataset = new Option<string>("--dataset") { Description = $"What to learn: {string.Join(", ", FewShotDatasets.Names)}.", Required = true, HelpName = "NAME" };
        dataset.AcceptOnlyFromAmong([.. FewShotDatasets.Names]);
        var backbone = new Option<string>("--backbone") { Description = "The backbone that embeds. Default: the data set's own.", HelpName = "FILE" };
        var data = new Option<string>("--data") { Description = "The folder of the data. Default: the one that ODL_DATA names.", HelpName = "DIR" };
        var ways = new Option<int>("--ways") { Description = "Classes of an episode.", DefaultValueFactory = _ => 5 };
        Option<int[]> shots = NumbersOption.Shots("Numbers of examples a class, with commas.", 0, 1, 2, 4, 8, 16);
        var episodes = new Option<int>("--episodes") { Description = "Number of episodes.", DefaultValueFactory = _ => 600 };
        var seed = new Option<int>("--seed") { Description = "Seed of everything drawn at random.", DefaultValueFactory = _ => 1 };
        var compare = new Option<string>("--compare")
        {
            Description = "methods: ours with the usual ones. priors: ours with other rules of trust. relatives: ours with half of the classes taught.",
            DefaultValueFactory = _ => "methods",
        };
        compare.AcceptOnlyFromAmong("methods", "priors", "relatives");
        var json = new Option<bool>("--json") { Description = "Print one JSON array instead of tables." };
        ways.Between(1, AdaptiveClassifier.MaxClasses);
        episodes.Between(1, 1_000_000);
        var fewShot = new Command("fewshot", "Measure learning from a few examples against the usual methods, on classes never trained on.")
        {
            dataset, backbone, data, ways, shots, episodes, seed, compare, json,
        };
        fewShot.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            var options = new FewShotOptions(parsed.GetValue(ways), parsed.GetValue(shots)!, parsed.GetValue(episodes), parsed.GetValue(seed));
            Bars(error, bar =>
            {
                FewShotProblem problem = FewShotDatasets.Load(parsed.GetValue(dataset)!, parsed.GetValue(backbone), parsed.GetValue(data), options, bar("embedding"), cancellation);
                IProgress<double>? progress = bar("episodes");
                IReadOnlyList<FewShotScore> scores = parsed.GetValue(compare) switch
                {
                    "priors" => FewShotEvaluation.ComparePriors(problem, options, progress, cancellation),
                    "relatives" => HalfTaughtEvaluation.Evaluate(problem, options, WordNetFile.ReadIfPresent(parsed.GetValue(data), out _), progress, cancellation),
                    _ => FewShotEvaluation.Evaluate(problem, options, progress, cancellation),
                };
                if (parsed.GetValue(json)) output.WriteLine(FewShotJson.Write(scores));
                else FewShotTables.Write(problem, options, scores, Terminal.Console(output));
            });
            return 0;
        }, CancellationToken.None));
        return fewShot;
    }

    /// <summary>Bars on a terminal, silence elsewhere.</summary>
    private static void Bars(TextWriter error, Action<Func<string, IProgress<double>?>> work)
    {
        if (!Terminal.IsInteractive(error)) work(_ => null);
        else Terminal.Console(error).Progress().AutoClear(true).Start(context => work(name => new Bar(context.AddTask(Markup.Escape(name), maxValue: 1))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
