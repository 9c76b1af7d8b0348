namespace OnDeviceLearning.Tests.House;

/// <summary>Files that a newcomer can clone and read.</summary>
public sealed class HygieneTests
{
    private const long LargestFile = 5_000_000;
    private const long LargestBackbone = 4_000_000;
    private const int LongestSource = 500;

    /// <summary>Files over the limit, each with its reason.</summary>
    private static readonly Dictionary<string, string> AllowedLargeFiles = new()
    {
        ["src/OnDeviceLearning.Evaluation/Weights/texts.safetensors"] = "8,000 pieces of 256 values; with 128 values a piece, accuracy on the development split fell by three points",
    };

    /// <summary>Sources over the limit, each with its reason.</summary>
    private static readonly Dictionary<string, string> AllowedLongSources = new()
    {
    };

    [Fact]
    public void No_file_is_large()
    {
        foreach (string path in RepositoryFiles.All)
        {
            long limit = path.EndsWith(".safetensors", StringComparison.Ordinal) ? LargestBackbone : LargestFile;
            long size = new FileInfo(RepositoryFiles.PathOf(path)).Length;
            Assert.True(size <= limit || AllowedLargeFiles.ContainsKey(path), $"{path} has {size:N0} bytes; the limit is {limit:N0}.");
        }
    }

    [Fact]
    public void No_source_is_long()
    {
        foreach (string path in RepositoryFiles.All.Where(p => p.EndsWith(".cs", StringComparison.Ordinal)))
        {
            int lines = RepositoryFiles.Read(path).Count(c => c == '\n');
            Assert.True(lines <= LongestSource || AllowedLongSources.ContainsKey(path), $"{path} has {lines} lines; the limit is {LongestSource}: a file is one idea.");
        }
    }

    [Fact]
    public void No_file_is_a_drawer_for_everything()
    {
        string[] drawers = ["Utils", "Helpers", "Common", "Manager"];
        Assert.DoesNotContain(RepositoryFiles.All, path => path.Split('/').Any(part => drawers.Any(d => Path.GetFileNameWithoutExtension(part).EndsWith(d, StringComparison.Ordinal))));
    }

    [Fact]
    public void Exceptions_are_still_needed()
    {
        Assert.DoesNotContain(AllowedLargeFiles.Keys.Concat(AllowedLongSources.Keys), path => !File.Exists(RepositoryFiles.PathOf(path)));
    }
}
