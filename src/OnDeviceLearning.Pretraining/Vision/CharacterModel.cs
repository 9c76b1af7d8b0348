using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>The encoder of the characters backbone: a small residual convnet, some 32 M multiplications and 0.8 M parameters.</summary>
internal static class CharacterModel
{
    public const int Side = 28, EmbeddingWidth = 256;

    /// <summary>Pixel statistics of the training characters: inputs are (pixel - mean) / deviation.</summary>
    public const float Mean = 0.08f, Deviation = 0.22f;

    /// <summary>The last 4 x 4 map is flattened, not pooled: where a stroke stands is what tells characters apart.</summary>
    public static Graph Image()
    {
        var graph = new GraphBuilder(1, Side, Side);
        graph.Block("stem", 1, 24, 3, 1);          // [N, 24, 28, 28]
        graph.Block("stage1.down", 24, 48, 3, 2);  // [N, 48, 14, 14]
        graph.Residual("stage1.block", 48);
        graph.Block("stage2.down", 48, 96, 3, 2);  // [N, 96, 7, 7]
        graph.Residual("stage2.block1", 96);
        graph.Residual("stage2.block2", 96);
        graph.Block("stage3.down", 96, 192, 3, 2); // [N, 192, 4, 4]
        graph.Block("squeeze", 192, 48, 1, 1);     // [N, 48, 4, 4]
        graph.Add("flatten", new FlattenLayer());  // [N, 768]
        graph.Add("projection", new LinearLayer(48 * 16, EmbeddingWidth));
        graph.Add("embedding", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }
}
