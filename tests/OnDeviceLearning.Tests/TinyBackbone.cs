using System.Text;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests;

/// <summary>
/// A made-up backbone with random weights: a small convolutional image encoder and a small transformer for text, both
/// ending in <see cref="Width"/> normalised values. Its answers mean nothing; its file is like any other.
/// </summary>
internal static class TinyBackbone
{
    public const int Width = 16, ImageSize = 16;

    public static readonly string[] Words =
    [
        "circle", "circles", "square", "triangle", "star", "heart", "bolt", "lightning", "cross", "inside", "above", "beside",
        "two", "three", "filled", "dashed", "big", "small", "hexagon", "diamond", "in", "on", "left", "right",
    ];

    public const string ImageGraph = """
        {"input":{"shape":[1,16,16],"type":"float32"},"nodes":[
        {"name":"stem","layer":"conv2d","inputs":["input"],"inChannels":1,"outChannels":8,"kernelH":3,"kernelW":3,"stride":2,"padding":1,"dilation":1,"groups":1,"bias":true},
        {"name":"norm","layer":"groupNorm","inputs":["stem"],"channels":8,"groups":2,"epsilon":1e-5},
        {"name":"relu","layer":"activation","inputs":["norm"],"kind":"relu"},
        {"name":"block","layer":"conv2d","inputs":["relu"],"inChannels":8,"outChannels":8,"kernelH":3,"kernelW":3,"stride":1,"padding":1,"dilation":1,"groups":1,"bias":true},
        {"name":"sum","layer":"add","inputs":["relu","block"]},
        {"name":"pool","layer":"averagePool2d","inputs":["sum"],"kernel":2,"stride":2,"padding":0,"countIncludePadding":true},
        {"name":"flat","layer":"flatten","inputs":["pool"]},
        {"name":"head","layer":"linear","inputs":["flat"],"inFeatures":128,"outFeatures":16,"bias":true},
        {"name":"out","layer":"l2Normalize","inputs":["head"],"epsilon":1e-6}],"output":"out"}
        """;

    public const string TextGraph = """
        {"input":{"shape":["L"],"type":"int32"},"nodes":[
        {"name":"tokens","layer":"embedding","inputs":["input"],"vocabulary":VOCABULARY,"width":12},
        {"name":"positions","layer":"position","inputs":["tokens"],"maxLength":24,"width":12},
        {"name":"norm","layer":"layerNorm","inputs":["positions"],"width":12,"epsilon":1e-5},
        {"name":"qkv","layer":"linear","inputs":["norm"],"inFeatures":12,"outFeatures":36,"bias":true},
        {"name":"attention","layer":"attention","inputs":["qkv"],"heads":2,"causal":false},
        {"name":"sum","layer":"add","inputs":["positions","attention"]},
        {"name":"mean","layer":"meanTokens","inputs":["sum"]},
        {"name":"head","layer":"linear","inputs":["mean"],"inFeatures":12,"outFeatures":16,"bias":false},
        {"name":"out","layer":"l2Normalize","inputs":["head"],"epsilon":1e-6}],"output":"out"}
        """;

    private static readonly (string Name, int[] Shape)[] Parameters =
    [
        ("image.stem.weight", [8, 1, 3, 3]), ("image.stem.bias", [8]),
        ("image.norm.weight", [8]), ("image.norm.bias", [8]),
        ("image.block.weight", [8, 8, 3, 3]), ("image.block.bias", [8]),
        ("image.head.weight", [16, 128]), ("image.head.bias", [16]),
        ("text.tokens.weight", [Vocabulary, 12]), ("text.positions.weight", [24, 12]),
        ("text.norm.weight", [12]), ("text.norm.bias", [12]),
        ("text.qkv.weight", [36, 12]), ("text.qkv.bias", [36]),
        ("text.head.weight", [16, 12]),
    ];

    /// <summary>Unknown, start, end; 26 letters, 10 digits and two marks, each also as the end of a word; two merges.</summary>
    private const int Vocabulary = 3 + 2 * 38 + 2;

    public static Backbone Load(int seed = 1, ComputeDevice? device = null) => Backbone.Load(new MemoryStream(File(seed)), device);

    /// <summary>The bytes of the file.</summary>
    public static byte[] File(int seed = 1, SafetensorsType type = SafetensorsType.F16) => File(Metadata(), Tensors(seed, type));

    public static byte[] File(IReadOnlyDictionary<string, string> metadata, IEnumerable<SafetensorsTensor> tensors)
    {
        var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    public static Dictionary<string, string> Metadata() => new()
    {
        ["odl.format"] = "1",
        ["odl.image.graph"] = ImageGraph,
        ["odl.text.graph"] = TextGraph.Replace("VOCABULARY", Vocabulary.ToString()),
        ["odl.tokenizer"] = Tokenizer(),
        ["odl.preprocessing"] = """{"kind":"drawing","size":16,"mean":0.1,"std":0.3}""",
        ["odl.logitScale"] = "20",
        ["odl.unknown"] = """{"slope":12,"intercept":-4,"threshold":0.5}""",
        ["odl.adaptationPrior"] = """{"trustByExamples":[0,0.4,0.6,0.8,1]}""",
        ["odl.words"] = "{" + string.Join(",", Words.Select((word, i) => $"\"{word}\":{(i + 1) * 200}")) + "}",
        ["odl.licence"] = "MIT",
        ["odl.provenance"] = "{}",
    };

    public static List<SafetensorsTensor> Tensors(int seed = 1, SafetensorsType type = SafetensorsType.F16)
    {
        var random = new Random(seed);
        return Parameters.Select(p =>
        {
            float[] values = new float[p.Shape.Aggregate(1, (a, b) => a * b)];
            bool gain = p.Name.EndsWith("norm.weight", StringComparison.Ordinal);
            float scale = 1 / MathF.Sqrt(p.Shape.Skip(1).Aggregate(1, (a, b) => a * b));
            for (int i = 0; i < values.Length; i++) values[i] = (gain ? 1 : 0) + scale * (2 * random.NextSingle() - 1);
            return SafetensorsTensor.FromSingle(p.Name, p.Shape, values, type);
        }).ToList();
    }

    public static string Tokenizer(int maxTokens = 20)
    {
        var pieces = new List<string> { "<unk>", "<s>", "</s>" };
        foreach (char c in "abcdefghijklmnopqrstuvwxyz0123456789-,") pieces.AddRange([c.ToString(), c + "</w>"]);
        pieces.AddRange(["in", "in</w>"]);
        var json = new StringBuilder("{\"kind\":\"bpe\",\"vocab\":{");
        json.AppendJoin(',', pieces.Select((piece, id) => $"\"{piece}\":{id}"));
        json.Append("},\"merges\":[\"i n\",\"i n</w>\"],\"unknown\":\"<unk>\",\"start\":\"<s>\",\"end\":\"</s>\",");
        json.Append($"\"endOfWordSuffix\":\"</w>\",\"maxTokens\":{maxTokens},\"lowercase\":true}}");
        return json.ToString();
    }
}
