using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>A batch computed in parts, before a cut in smaller ones, has the outputs of its samples alone.</summary>
public sealed class ForwardPartsTests
{
    private const int Batch = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_cut_batch_has_the_outputs_of_its_samples(int threads)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = threads });
        Graph graph = ManyPixels();
        ForwardParts parts = ForwardParts.Of(graph, Batch, null, device);
        Assert.InRange(parts.Cut, 0, graph.Nodes.Count - 2);
        Assert.True(parts.PartBeforeCut < parts.Part && parts.Part % parts.PartBeforeCut == 0, $"{parts}");

        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram together = ForwardProgram.Plan(graph, parameters, Batch);
        using ForwardProgram alone = ForwardProgram.Plan(graph, parameters, 1);
        float[] input = SmallGraphs.Random(new Random(2), Batch * 3 * 96 * 96);
        together.SetInput(input);
        together.Run();
        float[] outputs = SmallGraphs.Read(together.Output);
        for (int i = 0; i < Batch; i++)
        {
            alone.SetInput(input.AsSpan(i * 3 * 96 * 96, 3 * 96 * 96));
            alone.Run();
            float[] expected = SmallGraphs.Read(alone.Output);
            for (int k = 0; k < expected.Length; k++) Assert.Equal(expected[k], outputs[i * expected.Length + k], 1e-5f * expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void A_batch_that_fits_the_near_cache_stays_whole()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Assert.Equal(new ForwardParts(4, -1, 4), ForwardParts.Of(SmallGraphs.Convolutional(), 4, null, device));
        Assert.Equal(new ForwardParts(1, -1, 1), ForwardParts.Of(ManyPixels(), 1, null, device));
    }

    /// <summary>[3, 96, 96] to [7]: a residual block of large images with few weights, then many weights.</summary>
    private static Graph ManyPixels()
    {
        var graph = new GraphBuilder(3, 96, 96);
        graph.Add("stem", new Conv2dLayer(3, 24, 3, 3, 1, 1, 1, 1, Bias: false)); // [24, 96, 96]
        graph.Add("stem.norm", new BatchNormLayer(24));
        string stem = graph.Add("stem.act", new ActivationLayer(ActivationKind.Relu));
        graph.Add("depthwise", new Conv2dLayer(24, 24, 3, 3, 1, 1, 1, 24));
        graph.Add("project", new Conv2dLayer(24, 24, 1, 1));
        graph.Add("add", new AddLayer(), "project", stem);
        graph.Add("pool", new MaxPool2dLayer(4, 4)); // [24, 24, 24]
        graph.Add("wide", new Conv2dLayer(24, 200, 3, 3, 2, 1)); // [200, 12, 12]
        graph.Add("wide.act", new ActivationLayer(ActivationKind.Relu));
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("head", new LinearLayer(200, 7));
        return graph.Build();
    }
}
