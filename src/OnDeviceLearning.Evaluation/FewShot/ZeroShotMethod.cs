using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>The descriptions alone: softmax(tau f.t_c) (CLIP, arXiv 2103.00020). Looks like a class: the best cosine.</summary>
internal sealed class ZeroShotMethod : IFewShotMethod
{
    public string Name => "zero-shot";

    public bool Answers(FewShotTask task) => task.IsDescribed;

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task);

    private sealed class Learner(FewShotTask task) : IFewShotLearner
    {
        public void Adapt()
        {
        }

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            for (int way = 0; way < task.Ways; way++) probabilities[way] = task.Problem.LogitScale * TensorPrimitives.Dot(feature, task.Description(way));
            float best = TensorPrimitives.Max<float>(probabilities);
            Softmax.Apply(probabilities);
            return best;
        }

        public void Dispose()
        {
        }
    }
}
