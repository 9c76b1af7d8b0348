using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Prototypical networks' classifier (arXiv 1703.05175): softmax(-dist2(f, mu_c)), mu_c the mean of the class's examples.
/// Looks like a class: minus the least distance.
/// </summary>
internal sealed class PrototypesMethod : IFewShotMethod
{
    public string Name => "prototypes";

    public bool Answers(FewShotTask task) => task.Support.All(s => s.Length > 0);

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task);

    private sealed class Learner(FewShotTask task) : IFewShotLearner
    {
        private readonly float[][] means = new float[task.Ways][];

        public void Adapt()
        {
            for (int way = 0; way < task.Ways; way++)
            {
                means[way] = new float[task.Problem.Width];
                foreach (int example in task.Support[way]) TensorPrimitives.Add(means[way], task.Problem.Features[example], means[way]);
                TensorPrimitives.Divide(means[way], task.Support[way].Length, means[way]);
            }
        }

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            for (int way = 0; way < task.Ways; way++)
            {
                float distance = TensorPrimitives.Distance(feature, means[way]);
                probabilities[way] = -distance * distance;
            }
            float best = TensorPrimitives.Max<float>(probabilities);
            Softmax.Apply(probabilities);
            return best;
        }

        public void Dispose()
        {
        }
    }
}
