using System.Diagnostics;
using System.Globalization;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// From the start of a process to its first prediction, as <c>demo/AotSample</c> says it of itself: loads the backbone,
/// describes three classes, classifies one drawing. Compiled just in time or ahead of time, in a process of its own each
/// time.
/// </summary>
internal sealed record ColdStartRow(bool AheadOfTime, string Sample)
    : BenchmarkRow($"cold start, {(AheadOfTime ? "ahead of time" : "just in time")}", RowKind.ColdStart, 1)
{
    /// <summary>Where a build or a publish of the sample leaves it, seen from the repository.</summary>
    public static string DefaultSample(bool aheadOfTime) =>
        Path.Combine("demo", "AotSample", "bin", "Release", "net10.0", aheadOfTime ? Path.Combine("linux-x64", "publish", "AotSample") : "AotSample.dll");

    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        if (!File.Exists(Sample)) return new RowResult(this, null, null, null, null, null) { Remark = $"there is no {Sample}; the README says how it is built" };
        Start(); // reads the files from disk; the next ones find them in memory, as a player's second start does
        var times = new List<double>();
        for (int i = 0; i < 2 * effort.Turns; i++) times.Add(Start());
        return new RowResult(this, Distribution.Of(times), null, null, null, null);
    }

    private double Start()
    {
        var start = new ProcessStartInfo(AheadOfTime ? Path.GetFullPath(Sample) : Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!AheadOfTime) start.ArgumentList.Add(Path.GetFullPath(Sample));
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "sigils.safetensors"));
        using Process process = Process.Start(start) ?? throw new BenchmarkException($"{Sample} did not start.");
        string said = process.StandardOutput.ReadToEnd().Trim();
        string complaint = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        // "ward 0.998 87 ms"
        string[] words = said.Split(' ');
        if (process.ExitCode != 0 || words is not ["ward", _, _, "ms"] || !double.TryParse(words[2], CultureInfo.InvariantCulture, out double milliseconds))
            throw new BenchmarkException($"{Sample} said '{said}{complaint}'; expected 'ward', its probability and the time in ms.");
        return milliseconds;
    }
}
