using System.Text;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Classification;

public sealed class ClassifierSaveTests : IDisposable
{
    private static readonly AdaptiveClassifierOptions Alone = new() { Worker = AdaptationWorker.None, Seed = 5 };

    private readonly string folder = Directory.CreateTempSubdirectory("odl-save-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static AdaptiveClassifier Taught(SyntheticWorld world, int examples = 16)
    {
        AdaptiveClassifier classifier = world.Describe(Alone);
        classifier.Describe("c0", "d0", "ein Kreis mit Kreuz \"darin\" \u2295 \ud83d\ude00");
        classifier.AddClass("later");
        for (int i = 0; i < examples; i++) classifier.Teach(world.Draw(i % 8), SyntheticWorld.Name(i % 8));
        return classifier;
    }

    private static byte[] Bytes(AdaptiveClassifier classifier)
    {
        using var stream = new MemoryStream();
        classifier.Save(stream);
        return stream.ToArray();
    }

    private static AdaptiveClassifier Load(byte[] save, IEmbedder embedder, AdaptiveClassifierOptions? options = null) =>
        AdaptiveClassifier.Load(new MemoryStream(save), embedder, options ?? new() { Worker = AdaptationWorker.None });

    [Fact]
    public void ASaveGoesOnWhereItWasLeftBitForBit()
    {
        var world = new SyntheticWorld(31);
        using AdaptiveClassifier original = Taught(world);
        AdaptReport report = original.AdaptToEnd();
        byte[] save = Bytes(original);
        using AdaptiveClassifier loaded = Load(save, world);
        Assert.Equal(save, Bytes(loaded));
        Assert.Equal(original.Classes, loaded.Classes);
        Assert.Equal(original.DescriptionsOf("c0"), loaded.DescriptionsOf("c0"));
        AdaptReport loadedReport = loaded.Adapt(TimeSpan.FromSeconds(1));
        Assert.Equal(AdaptStatus.Idle, loadedReport.Status);
        Assert.Equal(report.EvidenceAfter, loadedReport.EvidenceAfter);
        Assert.Equal(report.GuardMix, loadedReport.GuardMix);
        float[] input = world.Draw(1);
        Assert.Equal(original.Classify(input).Probabilities.ToArray(), loaded.Classify(input).Probabilities.ToArray());

        foreach (AdaptiveClassifier classifier in new[] { original, loaded })
        {
            Assert.Equal(new ExampleId(17), classifier.Teach(input, "later"));
            Assert.True(classifier.Forget(new ExampleId(3)));
            classifier.AdaptToEnd();
        }
        Assert.Equal(Bytes(original), Bytes(loaded));
    }

    [Fact]
    public void ARunCutShortBySavingPublishesTheSameHead()
    {
        var world = new SyntheticWorld(32);
        using AdaptiveClassifier original = Taught(world);
        for (int i = 0; i < 50; i++) original.Adapt(TimeSpan.FromTicks(1));
        using AdaptiveClassifier loaded = Load(Bytes(original), world);
        Assert.Equal(AdaptStatus.Published, original.AdaptToEnd().Status);
        Assert.Equal(AdaptStatus.Published, loaded.AdaptToEnd().Status);
        Assert.Equal(Bytes(original), Bytes(loaded));
    }

    [Fact]
    public void SavingOverADamagedFileKeepsTheLastGoodOne()
    {
        var world = new SyntheticWorld(34);
        string path = Path.Combine(folder, "p.spells"), previous = path + AdaptiveClassifier.PreviousSuffix;
        using AdaptiveClassifier classifier = Taught(world);
        classifier.Save(path);
        classifier.Save(path);
        byte[] good = File.ReadAllBytes(previous);
        File.WriteAllBytes(path, good[..700]);
        classifier.Save(path);
        Assert.Equal(good, File.ReadAllBytes(previous));
        using (AdaptiveClassifier.Load(path, world, null)) { }

        File.Delete(path);
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => AdaptiveClassifier.Load(path, world, null));
        Assert.Contains("LoadPrevious", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhoeverSavesLastTheFileIsWhole()
    {
        string path = Path.Combine(folder, "shared.spells");
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, player =>
        {
            using AdaptiveClassifier classifier = Taught(new SyntheticWorld(35), 8 * (player + 1));
            for (int i = 0; i < 10; i++) classifier.Save(path);
        });
        var world = new SyntheticWorld(35);
        using AdaptiveClassifier last = AdaptiveClassifier.Load(path, world, null), before = AdaptiveClassifier.Load(path + AdaptiveClassifier.PreviousSuffix, world, null);
        Assert.InRange(last.ExampleCount, 8, 32);
        Assert.Equal(2, Directory.GetFiles(folder, "shared.*").Length);
    }

    [Fact]
    public void WhatCannotBeSavedIsSaidInASentenceAndLeavesNothingBehind()
    {
        using AdaptiveClassifier classifier = Taught(new SyntheticWorld(36));
        string inTheWay = Directory.CreateDirectory(Path.Combine(folder, "folder.spells")).FullName;
        IOException e = Assert.Throws<IOException>(() => classifier.Save(inTheWay));
        Assert.Contains("Save: '", e.Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<IOException>(() => classifier.Save(Path.Combine(folder, "no", "such", "place.spells")));
        Assert.Contains("cannot be written", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder, "*.partial"));
    }

    [Fact]
    public void AnEmptyClassifierIsSavedToo()
    {
        var world = new SyntheticWorld(33);
        using var empty = new AdaptiveClassifier(world, Alone);
        using AdaptiveClassifier loaded = Load(Bytes(empty), world);
        Assert.Empty(loaded.Classes);
        loaded.Describe("a", "d1");
        Assert.Equal("a", loaded.Classify(world.Draw(1)).Label);
    }

    [Fact]
    public void AFileIsReplacedWholeAndTheOneBeforeItKept()
    {
        var world = new SyntheticWorld(34);
        string path = Path.Combine(folder, "player1.spells");
        using AdaptiveClassifier classifier = Taught(world);
        classifier.Save(path);
        byte[] first = File.ReadAllBytes(path);
        Assert.False(File.Exists(path + ".bak"));
        classifier.AdaptToEnd();
        classifier.Save(path);
        Assert.Equal(first, File.ReadAllBytes(path + ".bak"));
        Assert.Equal(Bytes(classifier), File.ReadAllBytes(path));
        Assert.Equal(2, Directory.GetFiles(folder).Length);
        using AdaptiveClassifier loaded = AdaptiveClassifier.Load(path, world, null);
        Assert.Equal(16, loaded.ExampleCount);

        File.WriteAllBytes(path, first[..200]);
        var e = Assert.Throws<ModelFormatException>(() => AdaptiveClassifier.Load(path, world, null));
        Assert.Contains("player1.spells", e.Message);
        Assert.Contains("LoadPrevious", e.Message);
        using AdaptiveClassifier previous = AdaptiveClassifier.Load(path + AdaptiveClassifier.PreviousSuffix, world, null);
        Assert.Equal(first, Bytes(previous));
        Assert.ThrowsAny<IOException>(() => AdaptiveClassifier.Load(Path.Combine(folder, "none"), world, null));
    }

    /// <summary>A talkative player's save is longer than any model's header may be.</summary>
    [Fact]
    public void WhatTheLimitsOfAClassifierAllowCanBeReadAgain()
    {
        var world = new SyntheticWorld(41, width: 8);
        using var classifier = new AdaptiveClassifier(world, Alone);
        string[] descriptions = [.. Enumerable.Repeat(new string('x', AdaptiveClassifier.MaxDescriptionLength), AdaptiveClassifier.MaxDescriptions)];
        for (int c = 0; c < 70; c++) classifier.Describe(SyntheticWorld.Name(c), descriptions);
        byte[] save = Bytes(classifier);
        Assert.True(save.Length > ModelLimits.Default.MaxHeaderBytes);
        using AdaptiveClassifier loaded = Load(save, world);
        Assert.Equal(descriptions, loaded.DescriptionsOf("c69"));
    }

    [Fact]
    public void ADamagedWeightIsNamedByItsClass()
    {
        var world = new SyntheticWorld(42, width: 8);
        using AdaptiveClassifier classifier = Taught(world);
        Rewritten(Bytes(classifier), (_, tensors) =>
        {
            int at = tensors.FindIndex(tensor => tensor.Name == PlayerSave.HeadTensor);
            var values = new float[tensors[at].Length];
            tensors[at].CopyTo(values);
            values[3 * 8] = 9;
            tensors[at] = SafetensorsTensor.FromSingle(PlayerSave.HeadTensor, [.. tensors[at].Shape], values);
        }, out byte[] save);
        Assert.Contains("row 3", Assert.Throws<ModelFormatException>(() => Load(save, world)).Message);
    }

    [Fact]
    public void AnotherBackbonesSaveIsRefusedByName()
    {
        var world = new SyntheticWorld(35);
        using AdaptiveClassifier classifier = Taught(world);
        var other = new SyntheticWorld(35) { Hash = new string('b', 64) };
        var e = Assert.Throws<ModelFormatException>(() => Load(Bytes(classifier), other));
        Assert.Contains("aaaa", e.Message);
        Assert.Contains("bbbb", e.Message);
    }

    [Fact]
    public void ATruncatedOrFlippedSaveIsRefusedWhereverItIsDamaged()
    {
        var world = new SyntheticWorld(36, width: 16);
        using AdaptiveClassifier classifier = Taught(world);
        byte[] save = Bytes(classifier);
        var random = new Random(1);
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. save];
            int at = i < 200 ? i * save.Length / 200 : random.Next(save.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            Assert.Throws<ModelFormatException>(() => Load(damaged, world));
            Assert.Throws<ModelFormatException>(() => Load(save[..at], world));
        }
        Assert.Throws<ModelFormatException>(() => Load([.. save, 0], world));
        Assert.Throws<ModelFormatException>(() => Load(Encoding.UTF8.GetBytes("not a save"), world));
    }

    /// <summary>What an attacker would write: the checksum is right, the content is not.</summary>
    [Theory]
    [InlineData("\"seed\":\"5\"", "\"seed\":\"x\"")]
    [InlineData("\"lastExample\":16", "\"lastExample\":15")]
    [InlineData("\"lastExample\":16", "\"lastExample\":-1")]
    [InlineData("\"name\":\"c1\"", "\"name\":\"c0\"")]
    [InlineData("\"name\":\"c1\"", "\"name\":\"  \"")]
    [InlineData("\"name\":\"c1\"", "\"nome\":\"c1\"")]
    [InlineData("\"descriptions\":[\"d1\"]", "\"descriptions\":[]")]
    [InlineData("\"descriptions\":[\"d1\"]", "\"descriptions\":[1]")]
    [InlineData("\"descriptions\":[\"d1\"]", "\"descriptions\":[\"d1\",\"d2\"]")]
    [InlineData("\"understood\":[\"1\"]", "\"understood\":[\"7\"]")]
    [InlineData("\"understood\":[\"1\"]", "\"understood\":[\"NaN\"]")]
    [InlineData("\"hasWeight\":false", "\"hasWeight\":true")]
    [InlineData("\"guardMix\":\"0\"", "\"guardMix\":\"2\"")]
    [InlineData("\"guardMix\":\"0\"", "\"guardMix\":\"NaN\"")]
    [InlineData("\"evidenceAfter\":\"NaN\"", "\"evidenceAfter\":\"Infinity\"")]
    public void MadeUpMetadataIsRefused(string from, string to)
    {
        var world = new SyntheticWorld(37);
        using AdaptiveClassifier classifier = Taught(world);
        Rewritten(Bytes(classifier), (metadata, _) =>
        {
            bool changed = false;
            foreach (string key in metadata.Keys.ToArray())
            {
                int at = metadata[key].IndexOf(from, StringComparison.Ordinal);
                if (at < 0 || changed) continue;
                metadata[key] = metadata[key][..at] + to + metadata[key][(at + from.Length)..];
                changed = true;
            }
            Assert.True(changed, from);
        }, out byte[] save);
        Assert.Throws<ModelFormatException>(() => Load(save, world));
    }

    [Theory]
    [InlineData("examples")]
    [InlineData("examples.class")]
    [InlineData("examples.id")]
    [InlineData("head")]
    [InlineData("descriptions")]
    public void MadeUpTensorsAreRefused(string name)
    {
        var world = new SyntheticWorld(38);
        using AdaptiveClassifier classifier = Taught(world);
        byte[] original = Bytes(classifier);
        for (int kind = 0; kind < 4; kind++)
        {
            Rewritten(original, (_, tensors) =>
            {
                int at = tensors.FindIndex(tensor => tensor.Name == name);
                SafetensorsTensor tensor = tensors[at];
                tensors.RemoveAt(at);
                int[] shape = [.. tensor.Shape];
                if (kind == 0) return;
                if (kind == 3) (shape[0], tensor) = (shape[0] * 2, Double(tensor));
                if (tensor.Type == SafetensorsType.I32)
                {
                    int[] values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(tensor.Data.Span).ToArray();
                    values[1] = kind == 1 ? -3 : kind == 2 ? int.MaxValue : values[1];
                    tensors.Add(SafetensorsTensor.FromInt32(name, shape, values));
                }
                else
                {
                    var values = new float[tensor.Length];
                    tensor.CopyTo(values);
                    values[5] = kind == 1 ? 1e30f : kind == 2 ? -40 : values[5];
                    tensors.Add(SafetensorsTensor.FromSingle(name, shape, values));
                }
            }, out byte[] save);
            Assert.Throws<ModelFormatException>(() => Load(save, world));
        }
        Assert.Throws<ModelFormatException>(() => Load(original, world, new() { Worker = AdaptationWorker.None, MaxExamples = 3 }));

        static SafetensorsTensor Double(SafetensorsTensor tensor) => tensor.Type == SafetensorsType.I32
            ? SafetensorsTensor.FromInt32("x", [tensor.Length * 2], new int[tensor.Length * 2])
            : SafetensorsTensor.FromSingle("x", [tensor.Length * 2], new float[tensor.Length * 2]);
    }

    private static void Rewritten(byte[] save, Action<Dictionary<string, string>, List<SafetensorsTensor>> change, out byte[] rewritten)
    {
        SafetensorsFile file = PlayerSave.Read([.. save]);
        var metadata = new Dictionary<string, string>(file.Metadata);
        List<SafetensorsTensor> tensors = [.. file.Tensors.Values];
        change(metadata, tensors);
        rewritten = PlayerSave.Write(tensors, metadata);
    }
}
