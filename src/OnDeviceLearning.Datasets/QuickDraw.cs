namespace OnDeviceLearning.Datasets;

/// <summary>Quick, Draw!: drawings people made of a word within 20 seconds, as pen strokes (Google; CC BY 4.0).</summary>
public static class QuickDraw
{
    /// <summary>The file below the data folder, a JSON object a line.</summary>
    public const string DrawingsFile = "quickdraw/quickdraw.ndjson.gz";

    /// <summary>Where to get it.</summary>
    public const string Download =
        "Download the simplified .ndjson files of the words you want from the Quick, Draw! dataset (https://github.com/googlecreativelab/quickdraw-dataset, CC BY 4.0),"
        + " join them into one file and keep it gzipped as quickdraw/quickdraw.ndjson.gz in the data folder.";

    /// <summary>The path of the file of drawings.</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="FileNotFoundException">The file is missing; the message says where to get it.</exception>
    public static string PathOf(string? folder = null) => DataFolder.PathOf(DrawingsFile, Download, folder);

    /// <summary>
    /// Whether recipes keep drawings of this word from training, so that they can be measured on it: two words of eleven,
    /// chosen by the word alone (FNV-1a of its characters).
    /// </summary>
    public static bool IsHeldOut(string word)
    {
        ArgumentException.ThrowIfNullOrEmpty(word);
        uint hash = 2166136261;
        foreach (char c in word) hash = (hash ^ c) * 16777619;
        return hash % 11 < 2;
    }
}
