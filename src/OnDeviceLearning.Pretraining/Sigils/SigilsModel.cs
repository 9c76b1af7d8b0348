using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Pretraining.Vision;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>The two encoders of the sigils backbone.</summary>
internal static class SigilsModel
{
    public const int ImageSize = 64, EmbeddingWidth = 256, MaxTokens = 48;

    /// <summary>Pixel statistics of the training drawings: inputs are (pixel - mean) / deviation.</summary>
    public const float Mean = 0.12f, Deviation = 0.29f;

    private const int TextWidth = 128, TextHeads = 4, TextLayers = 3;

    /// <summary>
    /// A small residual convnet. The last 4 x 4 map is flattened, not pooled: where a part stands is what tells
    /// "above" from "below".
    /// </summary>
    public static Graph Image()
    {
        var graph = new GraphBuilder(1, ImageSize, ImageSize);
        graph.Block("stem", 1, 32, 5, 2);
        graph.Block("stage1.down", 32, 64, 3, 2);   // [N, 64, 16, 16]
        graph.Residual("stage1.block", 64);
        graph.Block("stage2.down", 64, 128, 3, 2);  // [N, 128, 8, 8]
        graph.Residual("stage2.block", 128);
        graph.Block("stage3.down", 128, 192, 3, 2); // [N, 192, 4, 4]
        graph.Block("squeeze", 192, 48, 1, 1);      // [N, 48, 4, 4]
        graph.Add("flatten", new FlattenLayer()); // [N, 768]
        graph.Add("projection", new LinearLayer(48 * 16, EmbeddingWidth));
        graph.Add("embedding", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }

    /// <summary>A pre-norm transformer encoder over byte-pair tokens; the mean of its outputs is projected.</summary>
    public static Graph Text(int vocabulary)
    {
        GraphBuilder graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(vocabulary, TextWidth)); // [N, L, D]
        string stream = graph.Add("positions", new PositionLayer(MaxTokens, TextWidth));
        for (int i = 0; i < TextLayers; i++)
        {
            string layer = $"layer{i}";
            graph.Add($"{layer}.attention.norm", new LayerNormLayer(TextWidth));
            graph.Add($"{layer}.attention.qkv", new LinearLayer(TextWidth, 3 * TextWidth));
            graph.Add($"{layer}.attention", new AttentionLayer(TextHeads));
            graph.Add($"{layer}.attention.out", new LinearLayer(TextWidth, TextWidth));
            stream = graph.Add($"{layer}.attention.add", new AddLayer(), graph.Last, stream);
            graph.Add($"{layer}.mlp.norm", new LayerNormLayer(TextWidth));
            graph.Add($"{layer}.mlp.in", new LinearLayer(TextWidth, 4 * TextWidth));
            graph.Add($"{layer}.mlp.gelu", new ActivationLayer(ActivationKind.Gelu));
            graph.Add($"{layer}.mlp.out", new LinearLayer(4 * TextWidth, TextWidth));
            stream = graph.Add($"{layer}.mlp.add", new AddLayer(), graph.Last, stream);
        }
        graph.Add("norm", new LayerNormLayer(TextWidth));
        graph.Add("mean", new MeanTokensLayer()); // [N, D]
        graph.Add("projection", new LinearLayer(TextWidth, EmbeddingWidth));
        graph.Add("embedding", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }
}
