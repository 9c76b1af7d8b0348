using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Calibration;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>Calibrates "unknown" for a backbone without a text encoder: its class weights are means of examples.</summary>
internal static class ImageCalibration
{
    private const int Strangers = 4, Most = 5;

    /// <summary>Fits on episodes over training classes: a few classes with one to five examples each, and inputs of others.</summary>
    /// <param name="backbone">The finished encoder.</param>
    /// <param name="images">Training images alone.</param>
    /// <param name="ways">Classes of an episode.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="cancellation">Checked between episodes.</param>
    /// <returns>The JSON of <c>odl.unknown</c>.</returns>
    public static string Unknown(Backbone backbone, LabelledImages images, int ways, int episodes, int seed, CancellationToken cancellation)
    {
        var random = new Random(seed);
        int[][] byClass = [.. Enumerable.Range(0, images.Count).GroupBy(i => images.Labels[i]).Select(g => g.ToArray()).Where(m => m.Length > Most)];
        if (byClass.Length < 2) throw new ArgumentException($"ImageCalibration: {byClass.Length} classes with more than {Most} images; expected at least 2.", nameof(images));
        int strangers = Math.Min(Strangers, byClass.Length - 1);
        ways = Math.Min(ways, byClass.Length - strangers);
        var fit = new UnknownFit();
        for (int e = 0; e < episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            random.Shuffle(byClass);
            int shots = 1 + e % Most;
            for (int c = 0; c < ways + strangers; c++) random.Shuffle(byClass[c]);
            float[][] means = [.. byClass.Take(ways).Select(members => Mean(members.Take(shots)))];
            for (int c = 0; c < ways + strangers; c++)
            {
                float[] query = Embed(byClass[c][shots]);
                double best = means.Max(m => TensorPrimitives.Dot<float>(m, query));
                (c < ways ? fit.Known : fit.Unknown).Add(best);
                // A class's own mean: that another's is nearer makes nothing known. Strangers are known by any.
                (c < ways ? fit.KnownByExamples : fit.UnknownByExamples).Add(c < ways ? TensorPrimitives.Dot<float>(means[c], query) : best);
            }
        }
        return fit.ToJson();

        float[] Embed(int image)
        {
            var embedding = new float[backbone.EmbeddingWidth];
            backbone.Embed(images.Input(image), embedding);
            return embedding;
        }

        float[] Mean(IEnumerable<int> members)
        {
            var sum = new float[backbone.EmbeddingWidth];
            foreach (int image in members) TensorPrimitives.Add(sum, Embed(image), sum);
            TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
            return sum;
        }
    }
}
