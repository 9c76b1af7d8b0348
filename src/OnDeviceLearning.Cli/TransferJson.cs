using System.Text.Json.Nodes;
using OnDeviceLearning.Evaluation.Transfer;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary>What <c>odl transfer --json</c> prints: shares are 0 to 1, intervals [low, high], falls in points.</summary>
internal static class TransferJson
{
    public static string Write(TransferReport report, TransferTask task, TransferOptions options, string kind, string device) => new JsonObject
    {
        ["source"] = task.Source.Name,
        ["target"] = task.Target.Name,
        ["network"] = report.Network,
        ["device"] = device,
        ["train"] = kind,
        ["augmentation"] = options.Augmentation.ToString(),
        ["steps"] = options.Steps,
        ["pull"] = options.Pull,
        ["replay"] = options.Replay,
        ["seed"] = options.Seed,
        ["sourceBefore"] = report.SourceBefore.Value,
        ["sourceBeforeInterval"] = Interval(report.SourceBefore),
        ["fall"] = report.Fall,
        ["targetCost"] = report.TargetCost,
        ["runs"] = new JsonArray([.. report.Rows.Select(row => new JsonObject
        {
            ["method"] = row.Name,
            ["target"] = row.Target.Value,
            ["targetInterval"] = Interval(row.Target),
            ["source"] = row.Source?.Value,
            ["sourceInterval"] = row.Source is { } source ? Interval(source) : null,
            ["moved"] = row.Moved,
            ["loss"] = row.Loss,
            ["msPerStep"] = row.MillisecondsPerStep,
            ["dial"] = new JsonArray([.. row.Dial.Select(at => new JsonObject { ["mix"] = at.Mix, ["target"] = at.Target.Value, ["source"] = at.Source.Value })]),
        })]),
    }.ToJsonString();

    private static JsonArray Interval(Proportion share) => new(share.Low, share.High);
}
