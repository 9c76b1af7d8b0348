using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Tip-Adapter, training-free (arXiv 2207.09519): logits tau f.t_c + alpha sum over the class's examples of
/// exp(-beta (1 - f.x)), with alpha = 1 and beta = 5.5, the paper's values before its search on a validation set, which a
/// game does not have. Looks like a class: the best logit.
/// </summary>
internal sealed class TipAdapterMethod(float alpha = 1, float beta = 5.5f) : IFewShotMethod
{
    public string Name => "Tip-Adapter";

    public bool Answers(FewShotTask task) => task.IsDescribed && task.Examples > 0;

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task, alpha, beta);

    private sealed class Learner(FewShotTask task, float alpha, float beta) : IFewShotLearner
    {
        private (float[] Key, int Way)[] cache = [];

        public void Adapt() => cache = [.. task.Shown()];

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            for (int way = 0; way < task.Ways; way++) probabilities[way] = task.Problem.LogitScale * TensorPrimitives.Dot(feature, task.Description(way));
            foreach ((float[] key, int way) in cache) probabilities[way] += alpha * MathF.Exp(-beta * (1 - TensorPrimitives.Dot(feature, key)));
            float best = TensorPrimitives.Max<float>(probabilities);
            Softmax.Apply(probabilities);
            return best;
        }

        public void Dispose()
        {
        }
    }
}
