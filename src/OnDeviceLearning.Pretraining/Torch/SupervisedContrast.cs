using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Supervised contrastive learning (arXiv 2004.11362, the loss with the sum outside): everything of one class is to be
/// nearer to one another than to everything else of the batch. This is what a mean of a few examples needs of features.
/// </summary>
internal static class SupervisedContrast
{
    /// <summary>The reciprocal of the paper's temperature.</summary>
    public const double Scale = 10;

    /// <summary>The mean over those that have somebody of their class beside them; 0 where nobody has.</summary>
    /// <param name="features">[N, D], each of length 1.</param>
    /// <param name="classes">[N]</param>
    public static Tensor Loss(Tensor features, ReadOnlySpan<int> classes)
    {
        int n = classes.Length;
        var shares = new float[n * n]; // rows sum to 1, or to 0 where the class has one member
        int anchors = 0;
        for (int i = 0; i < n; i++)
        {
            int others = -1;
            foreach (int other in classes) if (other == classes[i]) others++;
            if (others == 0) continue;
            anchors++;
            for (int j = 0; j < n; j++) if (j != i && classes[j] == classes[i]) shares[i * n + j] = 1f / others;
        }
        // Nobody is compared with itself.
        Tensor logits = Scale * features.matmul(features.t()) - 1e4 * eye(n); // [N, N]
        return -(tensor(shares).view(n, n) * F.log_softmax(logits, 1)).sum() / Math.Max(1, anchors);
    }
}
