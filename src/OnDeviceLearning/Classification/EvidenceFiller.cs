using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>The classes of a classifier as a head's evidence sees them, with examples to be filled in.</summary>
internal sealed record EvidenceFiller(float[]?[] Descriptions, float[] Trust, AdaptationPrior Prior, int Width, float LogitScale)
{
    /// <summary>Everything but the folds.</summary>
    public void Fill(HeadEvidence evidence, float[][] features, int[] labels)
    {
        evidence.Resize(Descriptions.Length, features.Length);
        Descriptions.CopyTo(evidence.Descriptions, 0);
        Trust.CopyTo(evidence.Trust, 0);
        features.CopyTo(evidence.Features, 0);
        labels.CopyTo(evidence.Labels, 0);
        evidence.PriorMix = Prior.Trust((double)labels.Length / labels.Distinct().Count());
    }
}
