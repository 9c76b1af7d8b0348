using System.Numerics;
using System.Numerics.Tensors;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Models;

public class BackboneTests
{
    private static readonly Drawing Cross = new([[new(0, 0), new(9, 9)], [new(9, 0), new(0, 9)]]);
    private static readonly Drawing Square = new([[new(0, 0), new(9, 0), new(9, 9), new(0, 9), new(0, 0)]]);

    [Fact]
    public void AFileLoadsAndSaysWhatItIs()
    {
        byte[] file = TinyBackbone.File();
        using Backbone backbone = Backbone.Load(new MemoryStream(file));
        Assert.Equal(TinyBackbone.Width, backbone.EmbeddingWidth);
        Assert.Equal(TinyBackbone.ImageSize, backbone.ImageSize);
        Assert.Equal(20, backbone.LogitScale);
        Assert.Equal(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(file)), backbone.Hash, ignoreCase: true);
        Assert.Equal("MIT", backbone.Metadata["odl.licence"]);
        Assert.Equal([0, 0.4f, 0.6f, 0.8f, 1], backbone.Prior.TrustByExamples);
        Assert.Equal(new UnknownCalibration(12, -4, 0.5f), backbone.Unknown);
    }

    [Fact]
    public void TheSameFileFromAPathIsTheSameBackbone()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, TinyBackbone.File());
            using Backbone fromPath = Backbone.Load(path), fromStream = TinyBackbone.Load();
            Assert.Equal(fromStream.Hash, fromPath.Hash);
            Assert.Equal(Embed(fromStream, Cross), Embed(fromPath, Cross));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void EmbeddingsHaveLengthOneAndRepeatToTheBit()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] cross = Embed(backbone, Cross), square = Embed(backbone, Square), text = new float[TinyBackbone.Width], again = new float[TinyBackbone.Width];
        backbone.Embed("a circle inside a star", text);
        Assert.Equal(1, TensorPrimitives.Norm<float>(cross), 1e-5);
        Assert.Equal(1, TensorPrimitives.Norm<float>(text), 1e-5);
        Assert.NotEqual(cross, square);
        backbone.Embed("two stars and a bolt", again);
        Assert.NotEqual(text, again);
        backbone.Embed("a circle inside a star", again);
        Assert.Equal(text, again);
        Assert.Equal(cross, Embed(backbone, Cross));
    }

    [Fact]
    public void ADrawingAndItsImageAgree()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] pixels = new float[TinyBackbone.ImageSize * TinyBackbone.ImageSize], embedding = new float[TinyBackbone.Width];
        DrawingRasterizer.Rasterize(Cross, TinyBackbone.ImageSize, pixels);
        backbone.Embed(new GrayImage(TinyBackbone.ImageSize, TinyBackbone.ImageSize, pixels), embedding);
        Assert.Equal(Embed(backbone, Cross), embedding);
        float[] doubled = new float[4 * pixels.Length];
        new GrayImage(TinyBackbone.ImageSize, TinyBackbone.ImageSize, pixels).Resize(2 * TinyBackbone.ImageSize, 2 * TinyBackbone.ImageSize, doubled);
        float[] resized = new float[TinyBackbone.Width];
        backbone.Embed(new GrayImage(2 * TinyBackbone.ImageSize, 2 * TinyBackbone.ImageSize, doubled), resized);
        for (int i = 0; i < embedding.Length; i++) Assert.Equal(embedding[i], resized[i], 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(37)]
    public void ABatchAgreesWithSingleDrawings(int count)
    {
        using Backbone backbone = TinyBackbone.Load();
        var random = new Random(4);
        Drawing[] drawings = [.. Enumerable.Range(0, count).Select(_ => new Drawing(
            [Enumerable.Range(0, 5).Select(_ => new Vector2(random.NextSingle(), random.NextSingle())).ToArray()]))];
        float[] embeddings = new float[count * TinyBackbone.Width];
        backbone.EmbedAll(drawings, embeddings);
        for (int i = 0; i < count; i++)
        {
            float[] single = Embed(backbone, drawings[i]);
            for (int j = 0; j < single.Length; j++) Assert.Equal(single[j], embeddings[i * single.Length + j], 1e-5);
        }
    }

    [Fact]
    public void HalfAndSinglePrecisionFilesAgree()
    {
        using Backbone half = TinyBackbone.Load(), single = Backbone.Load(new MemoryStream(TinyBackbone.File(type: SafetensorsType.F32)));
        float[] a = Embed(half, Cross), b = Embed(single, Cross);
        Assert.True(TensorPrimitives.CosineSimilarity<float>(a, b) > 0.999f);
        Assert.NotEqual(half.Hash, single.Hash);
    }

    [Fact]
    public void EmbeddingDrawingsAllocatesNothing()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] embedding = new float[TinyBackbone.Width], batch = new float[2 * TinyBackbone.Width];
        var image = new GrayImage(20, 30, new float[600]);
        Drawing[] drawings = [Cross, Square];
        for (int i = 0; i < 3; i++) Round();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 10; i++) Round();
        }));

        void Round()
        {
            backbone.Embed(Cross, embedding);
            backbone.Embed(image, embedding);
            backbone.EmbedAll(drawings, batch);
        }
    }

    [Fact]
    public void DescriptionsOfEveryLengthAreEmbeddedWhateverTheOrder()
    {
        using Backbone backbone = TinyBackbone.Load();
        var expected = new Dictionary<int, float[]>();
        foreach (int words in (int[])[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 40, 3, 1, 16, 8, 2])
        {
            float[] embedding = new float[TinyBackbone.Width];
            backbone.Embed(string.Join(' ', Enumerable.Repeat("x", words)), embedding);
            if (!expected.TryAdd(words, embedding)) Assert.Equal(expected[words], embedding);
        }
    }

    [Fact]
    public void CorrectedWordsAreEmbeddedAsWhatTheyWereReadAs()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] right = new float[TinyBackbone.Width], wrong = new float[TinyBackbone.Width];
        backbone.Embed("a circle inside a heart", right);
        DescriptionReading reading = backbone.Embed("a cirlce insde a haert", wrong);
        Assert.Equal(right, wrong);
        Assert.Equal(["circle", "inside", "heart"], reading.Words.Where(w => w.ReadAs != null).Select(w => w.ReadAs!));
        Assert.InRange(reading.Understood, 0.3, 0.9);
    }

    [Fact]
    public void NothingUnderstoodIsSaid()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] embedding = new float[TinyBackbone.Width];
        Assert.Equal(0, backbone.Embed("flurble 🔥 zzz", embedding).Understood);
        Assert.Equal(1, TensorPrimitives.Norm<float>(embedding), 1e-5);
    }

    [Fact]
    public void ArgumentsAreChecked()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] right = new float[TinyBackbone.Width], wrong = new float[TinyBackbone.Width + 1];
        Assert.Contains("17", Assert.Throws<ArgumentException>(() => backbone.Embed(Cross, wrong)).Message);
        Assert.Throws<ArgumentException>(() => backbone.Embed("star", wrong));
        Assert.Throws<ArgumentException>(() => backbone.Embed("", right));
        Assert.Throws<ArgumentException>(() => backbone.Embed(new string('x', 10_000), right));
        Assert.Throws<ArgumentException>(() => backbone.EmbedAll([Cross, null!], new float[32]));
        Assert.Throws<ArgumentNullException>(() => backbone.Embed((ClassifierInput)null!, right));
        backbone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backbone.Embed(Cross, right));
    }

    [Fact]
    public void EmbeddingIsSafeFromManyThreads()
    {
        using Backbone backbone = TinyBackbone.Load();
        float[] cross = Embed(backbone, Cross), square = Embed(backbone, Square);
        Parallel.For(0, 100, i => Assert.Equal(i % 2 == 0 ? cross : square, Embed(backbone, i % 2 == 0 ? Cross : Square)));
    }

    [Theory]
    [InlineData("odl.format", null, "odl.format")]
    [InlineData("odl.format", "2", "'2'")]
    [InlineData("odl.image.graph", null, "image.")]
    [InlineData("odl.text.graph", null, "text.")]
    [InlineData("odl.preprocessing", null, "odl.preprocessing")]
    [InlineData("odl.preprocessing", """{"kind":"image","channels":2,"size":16,"mean":0,"std":1}""", "channels")]
    [InlineData("odl.preprocessing", """{"kind":"image","channels":3,"size":16,"mean":[0,0],"std":1}""", "2 numbers")]
    [InlineData("odl.preprocessing", """{"kind":"image","channels":3,"size":16,"mean":0,"std":1}""", "[3, 16, 16]")]
    [InlineData("odl.features", """{"mean":[1,2],"std":[1,1]}""", "3")]
    [InlineData("odl.features", """{"mean":[1,2],"std":[1]}""", "'std' has 1")]
    [InlineData("odl.features.graph", "{}", "odl.features")]
    [InlineData("odl.image.graph", "{}", "odl.image.graph")]
    [InlineData("odl.image.graph", "", "odl.image.graph")]
    [InlineData("odl.text.graph", "[1", "odl.text.graph")]
    [InlineData("odl.text.graph", TinyBackbone.ImageGraph, "odl.text.graph")]
    [InlineData("odl.tokenizer", "7", "odl.tokenizer")]
    [InlineData("odl.preprocessing", """{"kind":"photo"}""", "photo")]
    [InlineData("odl.preprocessing", """{"kind":"drawing","size":17,"mean":0,"std":1}""", "17")]
    [InlineData("odl.preprocessing", """{"kind":"drawing","size":16,"mean":0,"std":0}""", "std")]
    [InlineData("odl.preprocessing", """{"kind":"drawing","size":16,"mean":1e99,"std":1}""", "mean")]
    [InlineData("odl.logitScale", "NaN", "logitScale")]
    [InlineData("odl.logitScale", "-3", "logitScale")]
    [InlineData("odl.logitScale", "1,5e3", "logitScale")]
    [InlineData("odl.words", null, "odl.words")]
    [InlineData("odl.unknown", """{"slope":1}""", "intercept")]
    [InlineData("odl.adaptationPrior", """{"trustByExamples":[]}""", "odl.adaptationPrior")]
    [InlineData("odl.adaptationPrior", """{"trustByExamples":[0,1.5]}""", "1.5")]
    public void MetadataIsChecked(string key, string? value, string expected)
    {
        Dictionary<string, string> metadata = TinyBackbone.Metadata();
        if (value is null) metadata.Remove(key);
        else metadata[key] = value;
        var error = Assert.Throws<ModelFormatException>(() => Load(metadata, TinyBackbone.Tensors()));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void TensorsMustBeTheGraphsParameters()
    {
        List<SafetensorsTensor> tensors = TinyBackbone.Tensors();
        Assert.Contains("image.stem.weight", Refused(tensors.Where(t => t.Name != "image.stem.weight")));
        Assert.Contains("text.more.weight", Refused([.. tensors, SafetensorsTensor.FromSingle("text.more.weight", [1], [1])]));
        Assert.Contains("[9]", Refused(tensors.Select(t => t.Name == "image.stem.bias" ? SafetensorsTensor.FromSingle(t.Name, [9], new float[9]) : t)));
        Assert.Contains("I32", Refused(tensors.Select(t => t.Name == "image.stem.bias" ? SafetensorsTensor.FromInt32(t.Name, [8], new int[8]) : t)));

        static string Refused(IEnumerable<SafetensorsTensor> tensors) =>
            Assert.Throws<ModelFormatException>(() => Load(TinyBackbone.Metadata(), tensors)).Message;
    }

    [Fact]
    public void TheTokenizerMustFitTheTextGraph()
    {
        Dictionary<string, string> metadata = TinyBackbone.Metadata();
        metadata["odl.tokenizer"] = TinyBackbone.Tokenizer(maxTokens: 25); // the graph has 24 positions
        Assert.Contains("25", Assert.Throws<ModelFormatException>(() => Load(metadata, TinyBackbone.Tensors())).Message);
        metadata["odl.tokenizer"] = TinyBackbone.Tokenizer().Replace("\"in</w>\":80", "\"in</w>\":81");
        Assert.Contains("81", Assert.Throws<ModelFormatException>(() => Load(metadata, TinyBackbone.Tensors())).Message);
    }

    [Fact]
    public void AHungryGraphIsRefusedBeforeItIsPlanned()
    {
        Dictionary<string, string> metadata = TinyBackbone.Metadata();
        metadata["odl.image.graph"] = TinyBackbone.ImageGraph.Replace("\"stride\":2,\"padding\":1", "\"stride\":2,\"padding\":30000");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => Load(metadata, TinyBackbone.Tensors()));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
    }

    [Fact]
    public void BrokenFilesOnlyGiveModelFormatException()
    {
        byte[] file = TinyBackbone.File();
        var random = new Random(99);
        for (int round = 0; round < 400; round++)
        {
            byte[] broken = [.. file];
            // Mostly in the header: that is where the graphs and the tokenizer are.
            int range = random.Next(4) == 0 ? file.Length : 8 + BitConverter.ToInt32(file);
            for (int flips = random.Next(1, 3); flips > 0; flips--) broken[random.Next(range)] ^= (byte)(1 << random.Next(8));
            if (round % 8 == 0) broken = broken[..random.Next(broken.Length)];
            try
            {
                using Backbone backbone = Backbone.Load(new MemoryStream(broken));
            }
            catch (ModelFormatException)
            {
            }
        }
    }

    [Fact]
    public void PriorsInterpolateAndSaturate()
    {
        Assert.Equal(0, AdaptationPrior.Default.Trust(0));
        Assert.Equal(0.35f, AdaptationPrior.Default.Trust(1));
        Assert.Equal(0.425f, AdaptationPrior.Default.Trust(1.5), 1e-6);
        Assert.Equal(1, AdaptationPrior.Default.Trust(1000));
        Assert.Throws<ArgumentException>(() => AdaptationPrior.Default.Trust(double.NaN));
    }

    private static Backbone Load(Dictionary<string, string> metadata, IEnumerable<SafetensorsTensor> tensors) =>
        Backbone.Load(new MemoryStream(TinyBackbone.File(metadata, tensors)));

    private static float[] Embed(Backbone backbone, Drawing drawing)
    {
        float[] embedding = new float[TinyBackbone.Width];
        backbone.Embed(drawing, embedding);
        return embedding;
    }
}
