using System.Buffers.Binary;

namespace OnDeviceLearning.Datasets;

/// <summary>
/// The files of MNIST and its successors, gzipped or not: a big-endian header (0x00000803, count, rows, columns for images,
/// 0x00000801, count for labels), then one byte a pixel or label.
/// </summary>
public static class Idx
{
    private const uint ImageMagic = 0x00000803, LabelMagic = 0x00000801;

    /// <summary>Reads a file of images and the file of their labels.</summary>
    /// <param name="name">What the data is, for messages and tables.</param>
    /// <param name="imagesPath">The file of images.</param>
    /// <param name="labelsPath">The file of labels.</param>
    /// <param name="classNames">The names of the labels 0, 1, ...</param>
    /// <param name="download">A sentence that says where to get the files from.</param>
    /// <exception cref="FormatException">A file is damaged, or they do not belong together; the message says what is wrong in which file.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static LabelledImages Read(string name, string imagesPath, string labelsPath, IReadOnlyList<string> classNames, string download)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        (byte[] pixels, int count, int height, int width) = ReadImages(imagesPath, download);
        int[] labels = ReadLabels(labelsPath, classNames.Count, download);
        if (labels.Length != count)
            throw DataBytes.Damaged(labelsPath, $"{labels.Length} labels", $"{count}, one for each image of {Path.GetFileName(imagesPath)}", download);
        return new LabelledImages(name, 1, height, width, pixels, labels, classNames);
    }

    /// <summary>Reads a file of images: bytes [count, height, width].</summary>
    /// <exception cref="FormatException">The file is no whole file of images.</exception>
    public static (byte[] Pixels, int Count, int Height, int Width) ReadImages(string path, string download)
    {
        byte[] bytes = Checked(path, ImageMagic, 4, "images", download, out int[] sizes);
        if (sizes[1] is < 1 or > GrayImage.MaxSide || sizes[2] is < 1 or > GrayImage.MaxSide)
            throw DataBytes.Damaged(path, $"images of {sizes[2]}x{sizes[1]} pixels", $"sides of 1 to {GrayImage.MaxSide}", download);
        return (bytes[16..], sizes[0], sizes[1], sizes[2]);
    }

    /// <summary>Reads a file of labels.</summary>
    /// <exception cref="FormatException">The file is no whole file of labels, or a label is not below <paramref name="classes"/>.</exception>
    public static int[] ReadLabels(string path, int classes, string download)
    {
        byte[] bytes = Checked(path, LabelMagic, 2, "labels", download, out int[] sizes);
        var labels = new int[sizes[0]];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = bytes[8 + i];
            if (labels[i] >= classes) throw DataBytes.Damaged(path, $"label {i} is {labels[i]}", $"0 to {classes - 1}", download);
        }
        return labels;
    }

    /// <summary>The bytes, and the numbers after the magic one, once all of them agree with the length.</summary>
    private static byte[] Checked(string path, uint magic, int words, string what, string download, out int[] sizes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(download);
        byte[] bytes = DataBytes.Read(path, download);
        if (bytes.Length < 4 * words) throw DataBytes.Damaged(path, $"{bytes.Length} bytes", $"at least the {4 * words} of an IDX header for {what}", download);
        uint found = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (found != magic) throw DataBytes.Damaged(path, $"the header begins with 0x{found:X8}", $"0x{magic:X8} (IDX {what})", download);
        sizes = new int[words - 1];
        decimal expected = 1; // no product of 32-bit numbers is too large for it
        for (int i = 0; i < sizes.Length; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4 + 4 * i));
            expected *= size;
            sizes[i] = (int)Math.Min(size, int.MaxValue);
        }
        expected += 4 * words;
        if (bytes.Length != expected) throw DataBytes.Damaged(path, $"{bytes.Length} bytes unpacked", $"{expected}, as its header says ({string.Join(" x ", sizes)} {what})", download);
        return bytes;
    }
}
