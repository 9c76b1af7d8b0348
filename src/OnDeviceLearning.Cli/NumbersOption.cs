using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace OnDeviceLearning.Cli;

/// <summary>Options whose value is a list of numbers with commas between them.</summary>
internal static class NumbersOption
{
    /// <summary>The most examples of a class.</summary>
    private const int MostShots = 1000;

    /// <summary><c>--shots</c>: numbers of examples a class.</summary>
    public static Option<int[]> Shots(string description, params int[] usual) => Create("--shots", description, 0, MostShots, usual);

    /// <summary>An option whose value is the numbers, ascending, each once.</summary>
    public static Option<T[]> Create<T>(string name, string description, T low, T high, params T[] usual) where T : INumber<T> => new(name)
    {
        Description = description,
        HelpName = "N,N,...",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Parse(result, name, low, high),
    };

    private static T[] Parse<T>(ArgumentResult result, string name, T low, T high) where T : INumber<T>
    {
        string list = string.Join(',', result.Tokens.Select(t => t.Value));
        string[] parts = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var numbers = new T[parts.Length];
        bool sound = parts.Length > 0;
        for (int i = 0; i < parts.Length; i++)
            sound &= T.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out numbers[i]!) && numbers[i] >= low && numbers[i] <= high;
        if (!sound) result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{list}'; expected numbers from {low} to {high} with commas between them."));
        return [.. numbers.Distinct().Order()];
    }
}
