using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>The pieces that the convnets of the image recipes are built from.</summary>
internal static class ConvolutionBlocks
{
    /// <summary>Convolution and batch normalisation.</summary>
    public static void Convolution(this GraphBuilder graph, string name, int channels, int outChannels, int kernel, int stride)
    {
        graph.Add($"{name}.conv", new Conv2dLayer(channels, outChannels, kernel, kernel, stride, kernel / 2, Bias: false));
        graph.Add($"{name}.norm", new BatchNormLayer(outChannels));
    }

    /// <summary>The same and ReLU.</summary>
    public static void Block(this GraphBuilder graph, string name, int channels, int outChannels, int kernel, int stride)
    {
        graph.Convolution(name, channels, outChannels, kernel, stride);
        graph.Add($"{name}.relu", new ActivationLayer(ActivationKind.Relu));
    }

    /// <summary>Two 3 x 3 convolutions and what went in, added (arXiv 1512.03385).</summary>
    public static void Residual(this GraphBuilder graph, string name, int channels)
    {
        string input = graph.Last;
        graph.Block($"{name}.1", channels, channels, 3, 1);
        graph.Convolution($"{name}.2", channels, channels, 3, 1);
        graph.Add($"{name}.add", new AddLayer(), graph.Last, input);
        graph.Add($"{name}.relu", new ActivationLayer(ActivationKind.Relu));
    }
}
