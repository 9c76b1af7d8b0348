using System.CommandLine;
using System.Globalization;

namespace OnDeviceLearning.Cli;

/// <summary>Bounds of numeric options.</summary>
internal static class OptionRange
{
    /// <summary>Refuses numbers outside a range; what is no number at all the parser refuses by itself.</summary>
    public static void Between(this Option option, double low, double high)
    {
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
                if (double.TryParse(token.Value, CultureInfo.InvariantCulture, out double value) && !(value >= low && value <= high))
                    result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} is {token.Value}; expected {low} to {high}."));
        });
    }
}
