namespace OnDeviceLearning.PretrainingTests;

/// <summary>The files of CIFAR in the official binary layouts, made here: the class is the colour, with noise.</summary>
internal static class CifarFiles
{
    /// <summary>cifar-10-batches-bin: five training files and the test file, one label byte a record.</summary>
    /// <param name="folder">Where the archive's folder is made.</param>
    /// <param name="perFile">Records of a file.</param>
    /// <param name="classes">How many of the ten there are pictures of.</param>
    public static void WriteTen(string folder, int perFile, int classes = 10)
    {
        string batches = Directory.CreateDirectory(Path.Combine(folder, "cifar-10-batches-bin")).FullName;
        var random = new Random(1);
        foreach (string file in Enumerable.Range(1, 5).Select(b => $"data_batch_{b}.bin").Append("test_batch.bin"))
            File.WriteAllBytes(Path.Combine(batches, file), Records(perFile, classes, 1, random));
        File.WriteAllText(Path.Combine(batches, "batches.meta.txt"), "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    }

    /// <summary>cifar-100-binary: the training file, five times as long as the test file, two label bytes a record, coarse then fine.</summary>
    public static void WriteHundred(string folder, int perFile, int classes)
    {
        string binary = Directory.CreateDirectory(Path.Combine(folder, "cifar-100-binary")).FullName;
        var random = new Random(2);
        File.WriteAllBytes(Path.Combine(binary, "train.bin"), Records(5 * perFile, classes, 2, random));
        File.WriteAllBytes(Path.Combine(binary, "test.bin"), Records(perFile, classes, 2, random));
        File.WriteAllLines(Path.Combine(binary, "fine_label_names.txt"), Enumerable.Range(0, 100).Select(c => $"thing_{c}"));
    }

    private static byte[] Records(int count, int classes, int labelBytes, Random random)
    {
        int record = labelBytes + 3072;
        var bytes = new byte[count * record];
        for (int i = 0; i < count; i++)
        {
            int label = i % classes;
            bytes[i * record] = (byte)(labelBytes == 1 ? label : label / 5);
            bytes[i * record + labelBytes - 1] = (byte)label;
            for (int p = 0; p < 3072; p++)
                bytes[i * record + labelBytes + p] = (byte)Math.Clamp(((label >> p / 1024) & 1) * 150 + (label >= 8 ? 60 : 0) + random.Next(60), 0, 255);
        }
        return bytes;
    }
}
