namespace OnDeviceLearning.Datasets;

/// <summary>One of the two published archives: finds what it unpacks to, and says what to do where that is not there.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Stem">What the archives' names begin with: STEM-binary.tar.gz, STEM-python.tar.gz.</param>
/// <param name="Folder">What the binary one unpacks to.</param>
/// <param name="PythonFolder">What the other one unpacks to.</param>
/// <param name="Download">A sentence that says where to get it.</param>
internal sealed record CifarArchive(string Name, string Stem, string Folder, string PythonFolder, string Download)
{
    /// <summary>
    /// The path of a file: in the named folder, in the archive's folder below it, or, where the folder of the other archive
    /// is named, beside that.
    /// </summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says what to do.</exception>
    public string Find(string? folder, string file)
    {
        folder ??= Environment.GetEnvironmentVariable(DataFolder.Variable);
        if (string.IsNullOrEmpty(folder)) return DataFolder.PathOf($"{Folder}/{file}", Download);
        return Places(folder).Select(place => Path.Combine(place, file)).FirstOrDefault(File.Exists) ?? throw Missing(folder, file);
    }

    /// <summary>The same for a file that need not be there.</summary>
    public string? FindOptional(string? folder, string file)
    {
        folder ??= Environment.GetEnvironmentVariable(DataFolder.Variable);
        return string.IsNullOrEmpty(folder) ? null : Places(folder).Select(place => Path.Combine(place, file)).FirstOrDefault(File.Exists);
    }

    private IEnumerable<string> Places(string folder)
    {
        yield return folder;
        yield return Path.Combine(folder, Folder);
        if (Path.GetDirectoryName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar)) is { } parent) yield return Path.Combine(parent, Folder);
    }

    private FileNotFoundException Missing(string folder, string file)
    {
        string full = Path.GetFullPath(folder), parent = Path.GetDirectoryName(full.TrimEnd(Path.DirectorySeparatorChar)) ?? full;
        if (File.Exists(full))
        {
            return new FileNotFoundException(IsPacked(full)
                ? Unpack(full, parent)
                : $"'{folder}' is a file; expected the folder that holds {Folder}/{file}. {Download}");
        }
        foreach (string place in new[] { full, Path.Combine(full, Folder), parent })
        {
            if (!Directory.Exists(place)) continue;
            if (Directory.EnumerateFiles(place, $"{Stem}-binary.tar*").FirstOrDefault() is { } packed) return new FileNotFoundException(Unpack(packed, place == parent ? parent : full));
        }
        // The version for Python is the first on the page.
        if (full.EndsWith(PythonFolder, StringComparison.Ordinal) || Directory.Exists(Path.Combine(full, PythonFolder)) || File.Exists(Path.Combine(full, $"{Stem}-python.tar.gz")))
            return new FileNotFoundException($"'{folder}' holds the Python version of {Name}; this reads the binary one. {Download}");
        return new FileNotFoundException($"there is no {Path.Combine(folder, Folder, file)}. {Download}");
    }

    private bool IsPacked(string path) => Path.GetFileName(path).StartsWith($"{Stem}-binary.tar", StringComparison.Ordinal);

    private string Unpack(string archive, string folder) =>
        $"{Name} is still packed; unpack it with 'tar -xf {Path.GetFullPath(archive)} -C {folder}' and name the folder '{folder}'.";
}
