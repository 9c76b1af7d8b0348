using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class ImageReaderTests : DataFileTests
{
    private const string Download = "Download it from there.";

    // IDX

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_files_are_read_packed_or_not(bool packed)
    {
        byte[] pixels = [.. Enumerable.Range(0, 3 * 2 * 4).Select(i => (byte)(10 * i))];
        byte[] images = TinyFiles.Idx(0x803, [3, 2, 4], pixels), labels = TinyFiles.Idx(0x801, [3], [1, 0, 1]);
        LabelledImages read = Idx.Read("tiny", Write("i", packed ? TinyFiles.Gzip(images) : images), Write("l", packed ? TinyFiles.Gzip(labels) : labels), ["a", "b"], Download);
        Assert.Equal((3, 1, 2, 4), (read.Count, read.Channels, read.Height, read.Width));
        Assert.Equal([1, 0, 1], read.Labels);
        Assert.Equal(pixels[8..16].Select(p => p / 255f), Values(read, 1));
    }

    [Fact]
    public void A_wrong_idx_file_is_refused_with_what_it_has_and_what_was_expected()
    {
        string images = Write("images", TinyFiles.Idx(0x803, [2, 2, 2], new byte[8]));
        Says(() => Idx.ReadImages(Write("short", new byte[7]), Download), "short", "7 bytes", "16", Download);
        Says(() => Idx.ReadImages(Write("labels", TinyFiles.Idx(0x801, [20], new byte[20])), Download), "labels", "0x00000801", "0x00000803", Download);
        Says(() => Idx.ReadImages(Write("cut", TinyFiles.Idx(0x803, [2, 2, 2], new byte[7])), Download), "cut", "23 bytes", "24", "2 x 2 x 2", Download);
        Says(() => Idx.ReadImages(Write("long", TinyFiles.Idx(0x803, [2, 2, 2], new byte[9])), Download), "25 bytes", "24");
        Says(() => Idx.ReadImages(Write("huge", TinyFiles.Idx(0x803, [-1, -1, -1], new byte[8])), Download), "huge", "24 bytes");
        Says(() => Idx.ReadImages(Write("flat", TinyFiles.Idx(0x803, [2, 0, 2], [])), Download), "flat", "2x0");
        Says(() => Idx.Read("x", images, Write("three", TinyFiles.Idx(0x801, [3], [0, 0, 0])), ["a"], Download), "three", "3 labels", "2", "images", Download);
        Says(() => Idx.Read("x", images, Write("label", TinyFiles.Idx(0x801, [2], [0, 4])), ["a", "b"], Download), "label 1 is 4", "0 to 1");
        byte[] damaged = TinyFiles.Gzip(TinyFiles.Idx(0x803, [100, 10, 10], [.. Enumerable.Range(0, 10000).Select(i => (byte)(i * i))]));
        damaged[damaged.Length / 2] ^= 0xff;
        damaged[damaged.Length / 2 + 1] ^= 0xff;
        Says(() => Idx.ReadImages(Write("damaged.gz", damaged), Download), "damaged.gz", Download);
        Says(() => Idx.ReadImages(Write("cut.gz", TinyFiles.Gzip(new byte[5000])[..20]), Download), "cut.gz", Download);
    }

    [Fact]
    public void Fashion_MNIST_says_where_to_get_what_is_missing()
    {
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => FashionMnist.Read(folder));
        Assert.Contains("train-images-idx3-ubyte.gz", e.Message, StringComparison.Ordinal);
        Assert.Contains("https://github.com/zalandoresearch/fashion-mnist", e.Message, StringComparison.Ordinal);
        Write("fashion-mnist/train-images-idx3-ubyte", TinyFiles.Idx(0x803, [1, 28, 28], new byte[784]));
        Write("fashion-mnist/train-labels-idx1-ubyte.gz", TinyFiles.Gzip(TinyFiles.Idx(0x801, [1], [9])));
        LabelledImages read = FashionMnist.Read(folder);
        Assert.Equal("ankle boot", read.ClassNames[read.Labels[0]]);
    }

    // Omniglot

    private static (string, byte[]) Character(string alphabet, int character, int drawer, byte grey = 255) =>
        ($"images_background/{alphabet}/character{character:D2}/{character:D4}_{drawer:D2}.png", TinyFiles.Png(105, 105, grey));

    [Fact]
    public void Omniglot_is_averaged_down_with_ink_one()
    {
        // A black square over the left half: columns 0 to 52 of 105, so that column 14 of 28 (52.5 to 56.25) is 13 % ink.
        byte[] half = TinyFiles.Png(105, 105, (x, _) => x < 53 ? ((byte)0, (byte)0, (byte)0, (byte)255) : ((byte)255, (byte)255, (byte)255, (byte)255));
        string zip = Path.Combine(folder, "images_background.zip");
        TinyFiles.Zip(zip, [Character("Greek", 2, 1), Character("Greek", 1, 2, 0), Character("Greek", 1, 1), ("images_background/Braille/character01/0001_01.png", half)]);
        LabelledImages read = Omniglot.ReadZip(zip);
        Assert.Equal(["Braille/character01", "Greek/character01", "Greek/character02"], read.ClassNames);
        Assert.Equal([0, 1, 1, 2], read.Labels);
        Assert.Equal((1, 28, 28), (read.Channels, read.Height, read.Width));
        Assert.All(Values(read, 1), v => Assert.Equal(0, v, 1e-6));
        Assert.All(Values(read, 2), v => Assert.Equal(1, v, 1e-6));
        float[] row = Values(read, 0)[..28];
        Assert.All(row[..14], v => Assert.Equal(1, v, 1e-6));
        Assert.Equal(0.5 / 3.75, row[14], 1e-5);
        Assert.All(row[15..], v => Assert.Equal(0, v, 1e-6));
        Assert.Equal(56, Omniglot.ReadZip(zip, 56).Width);
    }

    [Fact]
    public void Every_fifth_alphabet_is_held_out()
    {
        string zip = Path.Combine(folder, "z.zip");
        TinyFiles.Zip(zip, "ABCDEFGHIJK".SelectMany(a => new[] { Character(a.ToString(), 1, 1), Character(a.ToString(), 2, 1) }));
        LabelledImages read = Omniglot.ReadZip(zip);
        (IReadOnlyList<int> training, IReadOnlyList<int> heldOut) = Omniglot.Split(read);
        Assert.Equal(["E", "J"], heldOut.Select(c => Omniglot.AlphabetOf(read.ClassNames[c])).Distinct());
        Assert.Equal(4, heldOut.Count);
        Assert.Equal(Enumerable.Range(0, 22), training.Concat(heldOut).Order());
    }

    [Fact]
    public void A_damaged_archive_is_refused()
    {
        Assert.Contains("brendenlake/omniglot", Assert.Throws<FileNotFoundException>(() => Omniglot.ReadBackground(folder)).Message, StringComparison.Ordinal);
        Says(() => Omniglot.ReadZip(Write("no.zip", new byte[100])), "no.zip", "100 bytes", "zip", "brendenlake/omniglot");
        string zip = Path.Combine(folder, "a.zip");
        TinyFiles.Zip(zip, [("readme.txt", [1])]);
        Says(() => Omniglot.ReadZip(zip), "a.zip", "no PNG");
        File.Delete(zip);
        TinyFiles.Zip(zip, [("A/character01/x.png", TinyFiles.Png(9, 9, 0)[..40])]);
        Says(() => Omniglot.ReadZip(zip), "a.zip", "A/character01/x.png", "40 bytes");
        File.Delete(zip);
        TinyFiles.Zip(zip, [("x.png", TinyFiles.Png(9, 9, 0))]);
        Says(() => Omniglot.ReadZip(zip), "x.png", "no alphabet");
        File.Delete(zip);
        byte[] huge = TinyFiles.Png(9, 9, 0);
        huge[16] = 0x7f; // the width's highest byte
        TinyFiles.Zip(zip, [("A/character01/x.png", huge)]);
        Says(() => Omniglot.ReadZip(zip), "A/character01/x.png");
    }
}
