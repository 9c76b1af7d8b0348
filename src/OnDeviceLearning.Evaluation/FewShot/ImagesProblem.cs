using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>Images with labels; classes have a description where the data brings one and the backbone reads it.</summary>
public static class ImagesProblem
{
    /// <summary>Embeds the images.</summary>
    /// <param name="backbone">Reads the images.</param>
    /// <param name="images">The images, of classes that the backbone was not trained on.</param>
    /// <param name="most">The most images of a class, the first ones.</param>
    /// <param name="progress">0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentException">The backbone reads no such images.</exception>
    public static FewShotProblem Create(
        Backbone backbone, LabelledImages images, int most = 200, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(images);
        ILookup<int, int> members = Enumerable.Range(0, images.Count).ToLookup(i => images.Labels[i]);
        var embedding = new ProblemEmbedding(backbone);
        for (int c = 0; c < images.ClassNames.Count; c++)
        {
            cancellation.ThrowIfCancellationRequested();
            string name = images.ClassNames[c];
            embedding.Add(name, [.. members[c].Take(most).Select(images.Input)], images.Descriptions.GetValueOrDefault(name) ?? []);
            progress?.Report((c + 1.0) / images.ClassNames.Count);
        }
        return embedding.Problem(images.Name);
    }
}
