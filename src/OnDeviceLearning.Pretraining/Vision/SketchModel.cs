using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Pretraining.Sigils;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>The two encoders of the sketches backbone: a convnet for line drawings and the text encoder of the sigils backbone.</summary>
internal static class SketchModel
{
    public const int Side = 64, EmbeddingWidth = SigilsModel.EmbeddingWidth;

    /// <summary>Pixel statistics of the training pictures: inputs are (pixel - mean) / deviation.</summary>
    public const float Mean = 0.15f, Deviation = 0.3f;

    /// <summary>Some 30 M multiplications, 0.70 M parameters.</summary>
    public static Graph Image()
    {
        var graph = new GraphBuilder(1, Side, Side);
        graph.Block("stem", 1, 24, 5, 2);          // [N, 24, 32, 32]
        graph.Block("stage1.down", 24, 48, 3, 2);  // [N, 48, 16, 16]
        graph.Residual("stage1.block", 48);
        graph.Block("stage2.down", 48, 96, 3, 2);  // [N, 96, 8, 8]
        graph.Residual("stage2.block", 96);
        graph.Block("stage3.down", 96, 192, 3, 2); // [N, 192, 4, 4]
        graph.Block("squeeze", 192, 64, 1, 1);     // [N, 64, 4, 4]
        graph.Add("flatten", new FlattenLayer());  // [N, 1024]
        graph.Add("projection", new LinearLayer(64 * 16, EmbeddingWidth));
        graph.Add("embedding", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }
}
