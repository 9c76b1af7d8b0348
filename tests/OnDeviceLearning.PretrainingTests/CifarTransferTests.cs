using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using OnDeviceLearning.Cli;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>CIFAR as a newcomer meets it: the archives are unpacked, a network is trained on the ten classes and taken to the hundred.</summary>
public sealed class CifarTransferTests : TorchTests
{
    private const int PerFile = 4;
    private readonly string folder = Directory.CreateTempSubdirectory("odl-cifar-").FullName;

    public override void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        base.Dispose();
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = OdlCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private (int Code, string Output, string Error) Pretrain(string data) =>
        Run("pretrain", "cifar10", "--out", Path.Combine(folder, "ten.safetensors"), "--data", data, "--minutes", "0.001", "--threads", "1", "--images-per-file", $"{PerFile}");

    private (int Code, string Output, string Error) Transfer(string data, params string[] more) =>
        Run(["transfer", "--dataset", "cifar100", "--data", data, "--device", "cpu", "--images-per-file", $"{PerFile}", "--steps", "3", "--source-steps", "2", "--test", "10", "--replay", "12", .. more]);

    /// <summary>What went wrong, in one sentence and nothing else.</summary>
    private static void Says((int Code, string Output, string Error) run, params string[] words)
    {
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.All(words, word => Assert.Contains(word, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private string File(string name) => Path.Combine(folder, name.Replace('/', Path.DirectorySeparatorChar));

    [Fact]
    public void From_ten_classes_to_a_hundred_as_the_README_says()
    {
        CifarFiles.WriteTen(folder, PerFile, classes: 2);
        CifarFiles.WriteHundred(folder, PerFile, classes: 2);
        string ten = File("ten.safetensors"), tuned = File("tuned.safetensors");
        (int code, string output, string error) = Pretrain(folder);
        Assert.True(code == 0, error);
        Assert.Contains("right on 4 images never trained on", output, StringComparison.Ordinal);

        // The folder of the one archive finds the other beside it.
        (code, output, error) = Transfer(File("cifar-10-batches-bin"), "--from", ten, "--train", "last-block", "--augment", "mirrored-crops", "--dial", "0,1", "--out", tuned, "--json");
        Assert.True(code == 0, error);
        JsonNode report = JsonNode.Parse(output)!;
        Assert.Equal(("CIFAR-10", "CIFAR-100", "ten.safetensors"), (report["source"]!.GetValue<string>(), report["target"]!.GetValue<string>(), report["network"]!.GetValue<string>()));
        JsonNode[] runs = [.. report["runs"]!.AsArray().Select(r => r!)];
        Assert.Equal(["unregularised", "L2-SP + replay", "from scratch"], runs.Select(r => r["method"]!.GetValue<string>()));
        Assert.All(runs, r => Assert.True(r["loss"]!.GetValue<double>() > 0));
        // The brief's last block is its two hidden fully connected layers.
        Assert.Equal(2048 * 1024 + 1024 + 1024 * 512 + 512, runs[0]["moved"]!.GetValue<int>());
        Assert.Equal(report["sourceBefore"]!.GetValue<double>(), runs[0]["dial"]![0]!["source"]!.GetValue<double>());
        Assert.Equal(runs[0]["target"]!.GetValue<double>(), runs[0]["dial"]![1]!["target"]!.GetValue<double>());

        using (Backbone backbone = Backbone.Load(tuned, device))
        {
            Assert.Equal((512, 32), (backbone.EmbeddingWidth, backbone.ImageSize));
            Assert.NotNull(backbone.Unknown);
        }
        SafetensorsFile written = SafetensorsReader.Read(tuned);
        Assert.Equal([110, 512], written.Tensors["head.weight"].Shape);
        JsonArray classes = JsonNode.Parse(written.Metadata["odl.head"])!["classes"]!.AsArray();
        Assert.Equal(("airplane", "thing_99"), (classes[0]!.GetValue<string>(), classes[109]!.GetValue<string>()));
        // It knows the hundred classes now: going there again would prove nothing.
        Says(Transfer(folder, "--from", tuned), "tuned.safetensors was trained on 'thing_0', a class of the target");
    }

    [Fact]
    public void Whatever_is_wrong_with_the_files_is_said_before_anything_is_trained()
    {
        Says(Pretrain(folder), "data_batch_1.bin", "cifar-10-binary.tar.gz", "kriz/cifar.html");
        Says(Pretrain(File("nowhere")), "there is no folder");

        CifarFiles.WriteTen(folder, PerFile);
        Says(Transfer(folder), "train.bin", "cifar-100-binary.tar.gz", "kriz/cifar.html");
        CifarFiles.WriteHundred(folder, PerFile, classes: 10);
        string batch = File("cifar-10-batches-bin/data_batch_3.bin"), names = File("cifar-10-batches-bin/batches.meta.txt");
        byte[] whole = System.IO.File.ReadAllBytes(batch);

        System.IO.File.WriteAllBytes(batch, whole[..^100]);
        Says(Pretrain(folder), "data_batch_3.bin: 12192 bytes; expected 12292 (4 records of 3073 bytes)");
        System.IO.File.WriteAllBytes(batch, [.. whole, .. whole]);
        Says(Transfer(folder), "data_batch_3.bin: 24584 bytes; expected 12292");
        byte[] beyond = [.. whole];
        beyond[2 * 3073] = 10;
        System.IO.File.WriteAllBytes(batch, beyond);
        Says(Pretrain(folder), "data_batch_3.bin: label byte 0 of record 2 is 10; expected 0 to 9");
        System.IO.File.Delete(batch);
        Says(Pretrain(folder), "there is no", "data_batch_3.bin");
        System.IO.File.WriteAllBytes(batch, whole);

        System.IO.File.WriteAllLines(names, ["cat", "dog"]);
        Says(Pretrain(folder), "batches.meta.txt: 2 names", "expected 10");
        System.IO.File.WriteAllLines(names, ["thing_7", .. Enumerable.Range(1, 9).Select(c => $"beast {c}")]);
        Says(Transfer(folder), "'thing_7' is a class of CIFAR-10 and of CIFAR-100");
        System.IO.File.Delete(names);

        CifarFiles.WriteHundred(folder, PerFile, classes: 1);
        Says(Transfer(folder), "CIFAR-100: 20 images of 1 class to learn from; expected at least 2");
        CifarFiles.WriteTen(folder, PerFile, classes: 1);
        Says(Pretrain(folder), "20 images of 1 class; expected at least 2");
        // Nothing was trained, so nothing was written.
        Assert.False(System.IO.File.Exists(File("ten.safetensors")));
    }

    [Fact]
    public void A_packed_archive_is_told_from_a_missing_one()
    {
        CifarFiles.WriteTen(folder, PerFile);
        string batches = File("cifar-10-batches-bin"), packed = File("cifar-10-binary.tar.gz");
        using (var gzip = new GZipStream(System.IO.File.Create(packed), CompressionLevel.Fastest)) TarFile.CreateFromDirectory(batches, gzip, includeBaseDirectory: true);
        Directory.Delete(batches, recursive: true);
        string what = $"CIFAR-10 is still packed; unpack it with 'tar -xf {packed} -C {folder}' and name the folder '{folder}'";
        Says(Pretrain(folder), what);
        Says(Pretrain(packed), what);
        Says(Transfer(folder), what);
        // Done as it was said.
        TarFile.ExtractToDirectory(new GZipStream(System.IO.File.OpenRead(packed), CompressionMode.Decompress), folder, overwriteFiles: true);
        Says(Transfer(folder), "cifar-100-binary/train.bin".Replace('/', Path.DirectorySeparatorChar));
        // The other version, which comes first on the page.
        Directory.CreateDirectory(File("cifar-100-python"));
        Says(Transfer(folder), "holds the Python version of CIFAR-100; this reads the binary one");
    }
}
