namespace OnDeviceLearning.Datasets;

/// <summary>
/// CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) in their binary versions: records of one label byte (two in CIFAR-100, coarse
/// then fine) and 3 x 32 x 32 bytes, red, green, blue.
/// </summary>
public static class Cifar
{
    /// <summary>Side in pixels.</summary>
    public const int Side = 32;

    /// <summary>Images of each of the five training files and of the test file of CIFAR-10.</summary>
    public const int ImagesPerFile = 10_000;

    private const int PixelBytes = 3 * Side * Side;

    /// <summary>Where to get CIFAR-10.</summary>
    public const string Download10 =
        "Download the binary version of CIFAR-10 (cifar-10-binary.tar.gz) from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it into the data folder,"
        + " so that it holds cifar-10-batches-bin/data_batch_1.bin.";

    /// <summary>Where to get CIFAR-100.</summary>
    public const string Download100 =
        "Download the binary version of CIFAR-100 (cifar-100-binary.tar.gz) from https://www.cs.toronto.edu/~kriz/cifar.html and unpack it into the data folder,"
        + " so that it holds cifar-100-binary/train.bin.";

    private static readonly CifarArchive ten = new("CIFAR-10", "cifar-10", "cifar-10-batches-bin", "cifar-10-batches-py", Download10),
        hundred = new("CIFAR-100", "cifar-100", "cifar-100-binary", "cifar-100-python", Download100);

    private static readonly string[] names10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Reads the training part of CIFAR-10 (data_batch_1.bin to data_batch_5.bin, 50,000 images) or its test part (test_batch.bin).</summary>
    /// <param name="folder">
    /// The data folder, that of <c>ODL_DATA</c> if null. The files are looked for in it, in <c>cifar-10-batches-bin</c> below it,
    /// and in <c>cifar-10-batches-bin</c> beside it.
    /// </param>
    /// <param name="test">Whether to read the test part.</param>
    /// <param name="imagesPerFile">Images each file must have: other than the official number only for an excerpt of one's own.</param>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged or has another length; the message says what and where.</exception>
    public static LabelledImages ReadCifar10(string? folder = null, bool test = false, int imagesPerFile = ImagesPerFile)
    {
        CheckCount(imagesPerFile);
        string[] files = test ? ["test_batch.bin"] : ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
        var pixels = new byte[files.Length * imagesPerFile * PixelBytes];
        var labels = new int[files.Length * imagesPerFile];
        for (int f = 0; f < files.Length; f++)
            ReadRecords(ten.Find(folder, files[f]), [10], imagesPerFile, 0, pixels, labels, f * imagesPerFile, Download10);
        return new LabelledImages("CIFAR-10", 3, Side, Side, pixels, labels, Names(ten.FindOptional(folder, "batches.meta.txt"), 10) ?? names10);
    }

    /// <summary>Reads the training part of CIFAR-100 (train.bin, 50,000 images) or its test part (test.bin, 10,000).</summary>
    /// <param name="folder">As for <see cref="ReadCifar10"/>, with <c>cifar-100-binary</c>.</param>
    /// <param name="test">Whether to read the test part.</param>
    /// <param name="coarse">Whether the labels are the 20 coarse ones instead of the 100 fine ones.</param>
    /// <param name="images">Images the file must have; null for the official number, another only for an excerpt of one's own.</param>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged or has another length; the message says what and where.</exception>
    public static LabelledImages ReadCifar100(string? folder = null, bool test = false, bool coarse = false, int? images = null)
    {
        int count = images ?? (test ? ImagesPerFile : 5 * ImagesPerFile), classes = coarse ? 20 : 100;
        CheckCount(count);
        var pixels = new byte[count * PixelBytes];
        var labels = new int[count];
        ReadRecords(hundred.Find(folder, test ? "test.bin" : "train.bin"), [20, 100], count, coarse ? 0 : 1, pixels, labels, 0, Download100);
        IReadOnlyList<string> names = Names(hundred.FindOptional(folder, coarse ? "coarse_label_names.txt" : "fine_label_names.txt"), classes)
            ?? [.. Enumerable.Range(0, classes).Select(c => $"{(coarse ? "coarse" : "fine")} class {c}")];
        return new LabelledImages("CIFAR-100", 3, Side, Side, pixels, labels, names);
    }

    private static void CheckCount(int images)
    {
        if (images is < 1 or > 5 * ImagesPerFile) throw new ArgumentOutOfRangeException(nameof(images), $"Cifar: {images} images a file; expected 1 to {5 * ImagesPerFile}.");
    }

    private static void ReadRecords(
        string path, int[] classes, int count, int label, byte[] pixels, int[] labels, int first, string download)
    {
        byte[] bytes = DataBytes.Read(path, download);
        int record = classes.Length + PixelBytes;
        if (bytes.Length != (long)count * record)
            throw DataBytes.Damaged(path, $"{bytes.Length} bytes", $"{(long)count * record} ({count} records of {record} bytes)", download);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = bytes.AsSpan(i * record, record);
            for (int l = 0; l < classes.Length; l++)
                if (at[l] >= classes[l]) throw DataBytes.Damaged(path, $"label byte {l} of record {i} is {at[l]}", $"0 to {classes[l] - 1}", download);
            labels[first + i] = at[label];
            at[classes.Length..].CopyTo(pixels.AsSpan((first + i) * PixelBytes));
        }
    }

    /// <summary>The names as the archive lists them; null where the list was not unpacked with the rest.</summary>
    private static string[]? Names(string? path, int count)
    {
        if (path is null) return null;
        string[] names = [.. File.ReadLines(path).Select(l => l.Trim()).Where(l => l.Length > 0)];
        if (names.Length != count || names.Distinct().Count() != count)
            throw new FormatException($"{Path.GetFileName(path)}: {names.Length} names, {names.Distinct().Count()} of them different; expected {count}.");
        return names;
    }
}
