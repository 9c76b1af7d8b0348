using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Tests.House;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>
/// The two encoders of the sigils backbone, with 16-bit weights on both sides: embeddings and the gradient of every
/// parameter, each relative to its norm. With random weights, and with the shipped ones where there are any.
/// </summary>
public sealed class SigilsParityTests(ITestOutputHelper log) : TorchTests
{
    private const double Tolerance = 1e-4;
    private const int Vocabulary = 300;

    public static TheoryData<string> Weights => File.Exists(ShippedFile) ? ["random", "shipped"] : ["random"];

    private static string ShippedFile => RepositoryFiles.PathOf("src/OnDeviceLearning.Sigils/Weights/sigils.safetensors");

    [Theory]
    [MemberData(nameof(Weights))]
    public void Image_encoder(string weights)
    {
        const int batch = 2;
        using TwinModel model = Model(weights, "image");
        var random = new Random(1);
        float[] images = Drawings(model, batch, random);
        var input = new ModelInput(batch, null, images, null);
        float[] gradient = ModelInput.RandomValues(batch * SigilsModel.EmbeddingWidth, random);
        Compare(model.Run(input, gradient), model.RunTorch(input.ToTensor(model.Graph), gradient));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Text_encoder(string weights)
    {
        using TwinModel model = Model(weights, "text");
        var random = new Random(2);
        ModelInput input = ModelInput.Random(model.Graph, batch: 3, length: 14, random);
        float[] gradient = ModelInput.RandomValues(3 * SigilsModel.EmbeddingWidth, random);
        Compare(model.Run(input, gradient), model.RunTorch(input.ToTensor(model.Graph), gradient));
    }

    /// <summary>Training pads the texts of a batch to one length; a game runs each with its own.</summary>
    [Theory]
    [MemberData(nameof(Weights))]
    public void Text_encoder_with_padding(string weights)
    {
        int[] lengths = [3, 17, 2, 9];
        const int width = SigilsModel.EmbeddingWidth;
        using TwinModel model = Model(weights, "text");
        var random = new Random(3);
        float[] gradient = ModelInput.RandomValues(lengths.Length * width, random);
        var padded = new long[lengths.Length * lengths.Max()];
        Results? actual = null;
        for (int i = 0; i < lengths.Length; i++)
        {
            ModelInput input = ModelInput.Random(model.Graph, 1, lengths[i], random);
            for (int t = 0; t < lengths[i]; t++) padded[i * lengths.Max() + t] = input.Ids![t];
            Results one = model.Run(input, gradient[(i * width)..((i + 1) * width)]);
            actual = actual is null ? one : Joined(actual, one);
        }
        Tensor tokens = tensor(padded).view(lengths.Length, -1), counts = tensor(lengths).to(ScalarType.Int64);
        Compare(actual!, model.RunTorch(tokens, gradient, counts));
    }

    /// <summary>
    /// Standardised drawings, the best of several for this purpose: rounding must not carry any of the 100,000 units of an
    /// image over ReLU's kink, where the gradient jumps, so those whose units keep farthest from it are taken.
    /// </summary>
    private float[] Drawings(TwinModel model, int count, Random random)
    {
        const int candidates = 24, side = SigilsModel.ImageSize;
        var images = new float[candidates * side * side];
        for (int i = 0; i < candidates; i++)
            DrawingRasterizer.Rasterize(
                SigilArtist.Draw(CompositionSampler.Sample(random), HandStyle.Sample(random), random), side, images.AsSpan(i * side * side, side * side));
        for (int i = 0; i < images.Length; i++) images[i] = (images[i] - SigilsModel.Mean) / SigilsModel.Deviation;

        using var _ = no_grad();
        Tensor input = tensor(images).view(candidates, 1, side, side), distance = full(candidates, float.MaxValue);
        foreach (GraphNode relu in model.Graph.Nodes.Where(n => n.Layer is ActivationLayer { Kind: ActivationKind.Relu }))
        {
            var before = new Graph(model.Graph.Input, [.. model.Graph.Nodes.TakeWhile(n => n != relu)], relu.Inputs[0]);
            using var part = new TwinModel(device, before, before.Parameters.ToDictionary(p => p.Name, p => model.Torch.Parameters[p.Name].Values()));
            Tensor units = part.Torch.Forward(input).flatten(1);
            distance = minimum(distance, units.abs().amin(1) / units.square().mean().sqrt());
        }
        return (input.index_select(0, distance.argsort(descending: true).slice(0, 0, count, 1))).Values();
    }

    /// <summary>Outputs follow one another, gradients add up.</summary>
    private static Results Joined(Results a, Results b)
    {
        var joined = new Results();
        foreach ((string name, float[] values) in a)
            joined.Add(name, name.StartsWith("output", StringComparison.Ordinal) ? [.. values, .. b[name]] : [.. values.Zip(b[name], (x, y) => x + y)]);
        return joined;
    }

    private void Compare(Results actual, Results expected)
    {
        (string Name, double Error)[] errors = [.. actual.NormErrors(expected).OrderByDescending(e => e.Error)];
        foreach ((string name, double error) in errors) log.WriteLine($"{error:E1}  {name}");
        Assert.True(errors[0].Error <= Tolerance, $"{errors[0].Name} differs by {errors[0].Error:E2} of its norm; expected at most {Tolerance:E0}.");
    }

    private TwinModel Model(string weights, string encoder)
    {
        if (weights == "random")
        {
            Graph graph = encoder == "image" ? SigilsModel.Image() : SigilsModel.Text(Vocabulary);
            return new TwinModel(device, graph, TwinModel.RandomValues(graph, seed: 21, half: true));
        }
        return TwinModel.FromFile(device, SafetensorsReader.Read(ShippedFile), encoder);
    }
}
