using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class CifarTests : DataFileTests
{
    [Fact]
    public void CIFAR_10_is_read_from_its_five_files()
    {
        for (int b = 1; b <= 5; b++) Write($"cifar-10-batches-bin/data_batch_{b}.bin", TinyFiles.Cifar(3, 10));
        Write("cifar-10-batches-bin/test_batch.bin", TinyFiles.Cifar(2, 10));
        LabelledImages train = Cifar.ReadCifar10(folder, imagesPerFile: 3), test = Cifar.ReadCifar10(folder, test: true, imagesPerFile: 2);
        Assert.Equal((15, 3, 32, 32), (train.Count, train.Channels, train.Height, train.Width));
        Assert.Equal([0, 1, 2, 0, 1, 2], train.Labels.Take(6));
        Assert.Equal(2, test.Count);
        Assert.Equal("automobile", train.ClassNames[1]);
        float[] second = Values(train, 4); // image 1 of the second file
        Assert.Equal([10 / 255f, 11 / 255f, 12 / 255f], [second[0], second[1024], second[3071]]);
        // In the folder itself, too.
        Assert.Equal(2, Cifar.ReadCifar10(Path.Combine(folder, "cifar-10-batches-bin"), test: true, imagesPerFile: 2).Count);
    }

    [Fact]
    public void CIFAR_100_has_coarse_and_fine_labels()
    {
        byte[] bytes = TinyFiles.Cifar(4, 20, 100);
        (bytes[0], bytes[1]) = (19, 99);
        Write("cifar-100-binary/test.bin", bytes);
        LabelledImages fine = Cifar.ReadCifar100(folder, test: true, images: 4), coarse = Cifar.ReadCifar100(folder, test: true, coarse: true, images: 4);
        Assert.Equal([99, 1, 2, 3], fine.Labels);
        Assert.Equal([19, 1, 2, 3], coarse.Labels);
        Assert.Equal((100, 20), (fine.ClassNames.Count, coarse.ClassNames.Count));
        Assert.Equal(30 / 255f, Values(fine, 3)[0]);
        Write("cifar-100-binary/coarse_label_names.txt", string.Join('\n', Enumerable.Range(0, 20).Select(i => $"name {i}")));
        Assert.Equal("name 19", Cifar.ReadCifar100(folder, test: true, coarse: true, images: 4).ClassNames[19]);
        Write("cifar-100-binary/coarse_label_names.txt", "one\ntwo");
        Says(() => Cifar.ReadCifar100(folder, test: true, coarse: true, images: 4), "coarse_label_names.txt", "2 names", "20");
    }

    [Fact]
    public void A_CIFAR_file_of_another_length_is_refused()
    {
        Assert.Contains("cifar-10-binary.tar.gz", Assert.Throws<FileNotFoundException>(() => Cifar.ReadCifar10(folder)).Message, StringComparison.Ordinal);
        Assert.Contains("cifar-100-binary.tar.gz", Assert.Throws<FileNotFoundException>(() => Cifar.ReadCifar100(folder)).Message, StringComparison.Ordinal);
        Write("test_batch.bin", TinyFiles.Cifar(3, 10)[..^1]);
        Says(() => Cifar.ReadCifar10(folder, test: true, imagesPerFile: 3), "test_batch.bin", "9218 bytes", "9219", "kriz/cifar.html");
        Write("test_batch.bin", TinyFiles.Cifar(3, 10));
        Says(() => Cifar.ReadCifar10(folder, test: true), "9219 bytes", "30730000", "10000 records of 3073");
        Write("test.bin", TinyFiles.Cifar(3, 20, 100));
        Says(() => Cifar.ReadCifar100(folder, test: true), "9222 bytes", "30740000");
        byte[] wrong = TinyFiles.Cifar(3, 10);
        wrong[3073] = 10;
        Write("test_batch.bin", wrong);
        Says(() => Cifar.ReadCifar10(folder, test: true, imagesPerFile: 3), "record 1 is 10", "0 to 9");
    }

    [Fact]
    public void The_folder_of_one_archive_finds_the_other_beside_it()
    {
        Write("cifar-10-batches-bin/test_batch.bin", TinyFiles.Cifar(2, 10));
        Write("cifar-100-binary/test.bin", TinyFiles.Cifar(2, 20, 100));
        foreach (string named in new[] { folder, Path.Combine(folder, "cifar-10-batches-bin"), Path.Combine(folder, "cifar-100-binary") + Path.DirectorySeparatorChar })
        {
            Assert.Equal(2, Cifar.ReadCifar10(named, test: true, imagesPerFile: 2).Count);
            Assert.Equal(2, Cifar.ReadCifar100(named, test: true, images: 2).Count);
        }
    }

    [Fact]
    public void What_to_do_is_said_where_the_binary_version_is_not_unpacked()
    {
        string Missing(string named) => Assert.Throws<FileNotFoundException>(() => Cifar.ReadCifar10(named)).Message;
        Assert.Contains("there is no ", Missing(folder), StringComparison.Ordinal);
        string other = Write("notes.txt", "no data");
        Assert.Contains("'" + other + "' is a file; expected the folder", Missing(other), StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder, "cifar-10-batches-py"));
        Assert.Contains("holds the Python version of CIFAR-10", Missing(folder), StringComparison.Ordinal);
        Assert.Contains("holds the Python version of CIFAR-10", Missing(Path.Combine(folder, "cifar-10-batches-py")), StringComparison.Ordinal);
        string packed = Write("cifar-10-binary.tar.gz", TinyFiles.Gzip([1, 2, 3])), what = $"CIFAR-10 is still packed; unpack it with 'tar -xf {packed} -C {folder}' and name the folder '{folder}'";
        Assert.Contains(what, Missing(folder), StringComparison.Ordinal);
        Assert.Contains(what, Missing(packed), StringComparison.Ordinal);
        Assert.Contains(what, Missing(Path.Combine(folder, "cifar-10-batches-bin")), StringComparison.Ordinal);
        // Another archive's folder says nothing about this one.
        Assert.Contains("there is no ", Assert.Throws<FileNotFoundException>(() => Cifar.ReadCifar100(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Crops_are_mirrored_only_where_that_is_asked_for()
    {
        byte[] pixels = [.. Enumerable.Range(1, 25).Select(i => (byte)i)];
        var images = new LabelledImages("x", 1, 5, 5, pixels, [0], ["a"]);
        var target = new float[25];
        foreach (bool mirrors in new[] { false, true })
        {
            var crops = new PaddedCrops(1, mirrors);
            var random = new Random(1);
            bool ascending = false, descending = false;
            for (int i = 0; i < 50; i++)
            {
                crops.Write(images, 0, random, target);
                float[] middle = target[11..14]; // never blank with a margin of one
                ascending |= middle[0] < middle[2];
                descending |= middle[0] > middle[2];
            }
            Assert.Equal((true, mirrors), (ascending, descending));
        }
        Assert.Contains("padding is -1", Assert.Throws<ArgumentOutOfRangeException>(() => new PaddedCrops(-1, mirrors: false)).Message, StringComparison.Ordinal);
    }
}
