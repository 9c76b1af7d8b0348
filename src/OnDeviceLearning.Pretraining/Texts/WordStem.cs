namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>What the forms of a word have in common: "transfers", "transferred" and "transferring" are "transfer".</summary>
internal static class WordStem
{
    private const int Shortest = 3;

    private static readonly string[] endings = ["ings", "ing", "ies", "ied", "ed", "es", "s", "y", "e"];

    /// <summary>A lower-case word without its ending, and without the second of two equal letters before it.</summary>
    public static string Of(string word)
    {
        foreach (string ending in endings)
            if (word.Length - ending.Length >= Shortest && word.EndsWith(ending, StringComparison.Ordinal))
            {
                word = word[..^ending.Length];
                break;
            }
        return word.Length > Shortest && word[^1] == word[^2] ? word[..^1] : word;
    }
}
