using System.Text.Json.Nodes;
using OnDeviceLearning.Evaluation.Intents;

namespace OnDeviceLearning.Cli;

/// <summary>Scores on intents for programs: one JSON object on one line. Shares are 0 to 1, intervals [low, high]; null where nothing was measured.</summary>
internal static class IntentsJson
{
    public static string Write(IntentReport report) => new JsonObject
    {
        ["dataset"] = report.Dataset,
        ["split"] = report.Split,
        ["trainedOn"] = report.TrainedOn,
        ["intents"] = report.Intents,
        ["texts"] = report.Texts,
        ["outOfScopeTexts"] = report.Strangers,
        ["zeroShot"] = List(report.ZeroShot, m => new JsonObject
        {
            ["method"] = m.Method,
            ["accuracy"] = Number(m.Accuracy.Value),
            ["interval"] = Interval(m.Accuracy.Low, m.Accuracy.High),
            ["macro"] = Number(m.Macro),
            ["outOfScopeAuroc"] = Number(m.OutOfScope),
        }),
        ["gains"] = List(report.Gains, g => new JsonObject { ["baseline"] = g.Baseline, ["points"] = Number(g.Points), ["interval"] = Interval(g.Low, g.High) }),
        ["fewShot"] = List(report.FewShot, f => new JsonObject
        {
            ["method"] = f.Method,
            ["shots"] = f.Shots,
            ["accuracy"] = Number(f.Accuracy.Value),
            ["interval"] = Interval(f.Accuracy.Low, f.Accuracy.High),
            ["runs"] = f.Accuracy.Sample.Count,
        }),
        ["worst"] = List(report.Worst, w => new JsonObject
        {
            ["intent"] = w.Intent,
            ["description"] = w.Description,
            ["accuracy"] = Number(w.Accuracy.Value),
            ["interval"] = Interval(w.Accuracy.Low, w.Accuracy.High),
            ["takenFor"] = new JsonObject(w.TakenFor.Select(t => new KeyValuePair<string, JsonNode?>(t.Intent, t.Count))),
        }),
        ["baselinesMissing"] = report.BaselinesMissing,
    }.ToJsonString();

    private static JsonArray List<T>(IEnumerable<T> rows, Func<T, JsonObject> write) => new([.. rows.Select(r => (JsonNode)write(r))]);

    private static JsonArray Interval(double low, double high) => [Number(low), Number(high)];

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 6)) : null;
}
