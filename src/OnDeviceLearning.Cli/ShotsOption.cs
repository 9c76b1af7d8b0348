using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OnDeviceLearning.Cli;

/// <summary><c>--shots</c>: numbers of examples a class.</summary>
internal static class ShotsOption
{
    private const int Most = 1000;

    /// <summary>An option whose value is the numbers, ascending, each once.</summary>
    public static Option<int[]> Create(string description, params int[] usual) => new("--shots")
    {
        Description = description,
        HelpName = "N,N,...",
        DefaultValueFactory = _ => usual,
        CustomParser = Parse,
    };

    private static int[] Parse(ArgumentResult result)
    {
        string list = string.Join(',', result.Tokens.Select(t => t.Value));
        string[] parts = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var numbers = new int[parts.Length];
        bool sound = parts.Length > 0;
        for (int i = 0; i < parts.Length; i++) sound &= int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) && numbers[i] <= Most;
        if (!sound) result.AddError($"--shots is '{list}'; expected numbers from 0 to {Most} with commas between them.");
        return [.. numbers.Distinct().Order()];
    }
}
