namespace OnDeviceLearning.Datasets;

/// <summary>Fashion-MNIST: 28 x 28 grey images of clothes in ten classes (Zalando SE, arXiv 1708.07747; MIT).</summary>
public static class FashionMnist
{
    /// <summary>Where to get the files.</summary>
    public const string Download =
        "Download train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz (t10k-... for the test part) from https://github.com/zalandoresearch/fashion-mnist (MIT)"
        + " into the folder fashion-mnist of the data folder.";

    /// <summary>The names of the classes.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

    /// <summary>Reads the training part (60,000 images) or the test part (10,000).</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <param name="test">Whether to read the test part.</param>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged; the message says what and where.</exception>
    public static LabelledImages Read(string? folder = null, bool test = false)
    {
        string part = test ? "t10k" : "train";
        return Idx.Read("Fashion-MNIST", PathOf($"{part}-images-idx3-ubyte"), PathOf($"{part}-labels-idx1-ubyte"), ClassNames, Download);

        // Gzipped as published, or unpacked.
        string PathOf(string file)
        {
            string? data = folder ?? Environment.GetEnvironmentVariable(DataFolder.Variable);
            string unpacked = Path.Combine(data ?? "", "fashion-mnist", file);
            return !string.IsNullOrEmpty(data) && File.Exists(unpacked) ? unpacked : DataFolder.PathOf($"fashion-mnist/{file}.gz", Download, folder);
        }
    }
}
