namespace OnDeviceLearning.Datasets;

/// <summary>Finds the files of public data sets: in a folder that is named, or else in the one that <c>ODL_DATA</c> names.</summary>
public static class DataFolder
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "ODL_DATA";

    /// <summary>The path of a data file.</summary>
    /// <param name="relativePath">Below the folder, with '/': <c>omniglot/images_background.zip</c>.</param>
    /// <param name="download">A sentence that says where to get the file from, with its licence.</param>
    /// <param name="folder">The folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="FileNotFoundException">No folder is named, or the file is not in it. The message says what to download where.</exception>
    public static string PathOf(string relativePath, string download, string? folder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(relativePath);
        ArgumentException.ThrowIfNullOrEmpty(download);
        folder ??= Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder))
            throw new FileNotFoundException($"{Variable} is not set; it names the folder that holds {relativePath}. {download}");
        if (File.Exists(folder)) throw new FileNotFoundException($"'{folder}' is a file; expected the folder that holds {relativePath}. {download}");
        string path = Path.Combine(folder, relativePath.Replace('/', Path.DirectorySeparatorChar));
        return File.Exists(path) ? path : throw new FileNotFoundException($"there is no {path}. {download}");
    }
}
