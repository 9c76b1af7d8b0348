using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation;

/// <summary>What an episode of <see cref="OneShotEvaluation"/> is.</summary>
/// <param name="Ways">Classes, drawn uniformly without replacement.</param>
/// <param name="Shots">Examples of each, whose mean is the class's prototype.</param>
/// <param name="Queries">Other images of each class that are classified.</param>
public sealed record OneShotEpisode(int Ways, int Shots, int Queries = 5);

/// <summary>
/// Few-shot classification by the nearest prototype: each class is the mean of a few embeddings, an input belongs to the
/// class with the largest cosine (Prototypical networks, arXiv 1703.05175, there with squared distances).
/// </summary>
public static class OneShotEvaluation
{
    /// <summary>Embeds a set of images once, for all episodes.</summary>
    /// <param name="backbone">Reads images of this kind.</param>
    /// <param name="images">The images.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Checked between images.</param>
    /// <returns>[images, <see cref="Backbone.EmbeddingWidth"/>], each row of length 1.</returns>
    public static float[] Embed(Backbone backbone, LabelledImages images, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(images);
        const int atOnce = 128;
        int width = backbone.EmbeddingWidth;
        var features = new float[images.Count * width];
        for (int first = 0; first < images.Count; first += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(atOnce, images.Count - first);
            backbone.EmbedAll([.. Enumerable.Range(first, count).Select(images.Input)], features.AsSpan(first * width, count * width));
            progress?.Report((double)(first + count) / images.Count);
        }
        return features;
    }

    /// <summary>The accuracy over seeded episodes.</summary>
    /// <param name="features">[images, width], each row of length 1.</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="classes">The classes that episodes draw from: those never trained on.</param>
    /// <param name="episode">Ways, shots, queries.</param>
    /// <param name="episodes">How many episodes.</param>
    /// <param name="seed">Same seed: same episodes.</param>
    /// <returns>One accuracy an episode, with mean and 95 % interval.</returns>
    /// <exception cref="ArgumentException">There are too few classes or images for such an episode, or the lengths do not fit.</exception>
    public static SampleMean Accuracy(
        ReadOnlyMemory<float> features, IReadOnlyList<int> labels, IReadOnlyList<int> classes, OneShotEpisode episode, int episodes, int seed)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(episode);
        (int ways, int shots, int queries) = (episode.Ways, episode.Shots, episode.Queries);
        if (ways < 2 || shots < 1 || queries < 1)
            throw new ArgumentException($"OneShotEvaluation: {ways} ways, {shots} shots, {queries} queries; expected at least 2, 1 and 1.", nameof(episode));
        if (episodes < 1) throw new ArgumentOutOfRangeException(nameof(episodes), $"OneShotEvaluation: {episodes} episodes; expected at least 1.");
        if (labels.Count == 0 || features.Length % labels.Count != 0)
            throw new ArgumentException($"OneShotEvaluation: {features.Length} values for {labels.Count} images; expected as many for each.", nameof(features));
        int[] drawn = [.. classes];
        if (drawn.Length < ways) throw new ArgumentException($"OneShotEvaluation: {drawn.Length} classes; expected at least the {ways} of an episode.", nameof(classes));
        ILookup<int, int> images = Enumerable.Range(0, labels.Count).ToLookup(i => labels[i]);
        Dictionary<int, int[]> members = drawn.ToDictionary(c => c, c => images[c].ToArray());
        foreach (int c in drawn)
            if (members[c].Length < shots + queries)
                throw new ArgumentException($"OneShotEvaluation: class {c} has {members[c].Length} images; expected at least {shots} to learn from and {queries} to classify.", nameof(labels));

        int width = features.Length / labels.Count;
        var random = new Random(seed);
        var prototypes = new float[ways * width];
        var accuracies = new double[episodes];
        for (int e = 0; e < episodes; e++)
        {
            random.Shuffle(drawn);
            Array.Clear(prototypes);
            for (int w = 0; w < ways; w++)
            {
                random.Shuffle(members[drawn[w]]);
                Span<float> prototype = prototypes.AsSpan(w * width, width);
                foreach (int image in members[drawn[w]].AsSpan(0, shots)) TensorPrimitives.Add(prototype, Row(image), prototype);
                TensorPrimitives.Divide(prototype, TensorPrimitives.Norm<float>(prototype), prototype);
            }
            int hits = 0;
            for (int w = 0; w < ways; w++)
                foreach (int image in members[drawn[w]].AsSpan(shots, queries))
                    hits += Nearest(Row(image)) == w ? 1 : 0;
            accuracies[e] = (double)hits / (ways * queries);
        }
        return new SampleMean(accuracies);

        ReadOnlySpan<float> Row(int image) => features.Span.Slice(image * width, width);

        int Nearest(ReadOnlySpan<float> query)
        {
            (int best, float similarity) = (0, float.NegativeInfinity);
            for (int w = 0; w < ways; w++)
                if (TensorPrimitives.Dot(query, prototypes.AsSpan(w * width, width)) is var cosine && cosine > similarity) (best, similarity) = (w, cosine);
            return best;
        }
    }
}
