using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Logistic regression on the features, knowing nothing of descriptions: the minimum of the mean cross-entropy of
/// softmax(W f + b) plus |W|^2 / (2 C n) for n examples. There is no validation set to choose C by; it is fixed.
/// Looks like a class: the probability of the likeliest.
/// </summary>
internal sealed class LinearProbeMethod(double strength = LinearProbeMethod.DefaultStrength) : IFewShotMethod
{
    /// <summary>C. CLIP's probes use 0.316 on features some ten long; here they are one long, which makes it a hundred times as much.</summary>
    public const double DefaultStrength = 31.6;

    private const int MostSteps = 2_000;
    /// <summary>The length of the gradient at which it stops.</summary>
    public const double Tolerance = 5e-4;

    public string Name => "linear probe";

    public bool Answers(FewShotTask task) => task.Support.All(s => s.Length > 0);

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task, strength);

    internal sealed class Learner(FewShotTask task, double strength) : IFewShotLearner
    {
        private readonly (float[] Feature, int Way)[] examples = [.. task.Shown()];
        private float[][] weights = Zero(task);
        private float[] biases = new float[task.Ways];

        private static float[][] Zero(FewShotTask task) => [.. Enumerable.Range(0, task.Ways).Select(_ => new float[task.Problem.Width])];

        public double GradientNorm { get; private set; }

        // Accelerated gradient descent (Nesterov), started anew where it overshoots. Features are one long, so with the bias
        // the cross-entropy curves by at most 1/2 (1 + 1).
        public void Adapt()
        {
            double decay = 1 / (strength * examples.Length);
            float rate = (float)(1 / (1 + decay));
            float[][] gradient = Zero(task), ahead = Zero(task), before = Zero(task);
            float[] biasGradient = new float[task.Ways], biasAhead = new float[task.Ways], biasBefore = new float[task.Ways];
            double momentum = 1;
            for (int step = 0; step < MostSteps; step++)
            {
                GradientNorm = Gradient(ahead, biasAhead, decay, gradient, biasGradient);
                if (GradientNorm <= Tolerance) break;
                (before, weights) = (weights, before);
                (biasBefore, biases) = (biases, biasBefore);
                double along = 0; // gradient . (new - old)
                for (int way = 0; way < task.Ways; way++)
                {
                    TensorPrimitives.MultiplyAdd(gradient[way], -rate, ahead[way], weights[way]);
                    along += TensorPrimitives.Dot<float>(gradient[way], weights[way]) - TensorPrimitives.Dot<float>(gradient[way], before[way]);
                    biases[way] = biasAhead[way] - rate * biasGradient[way];
                    along += biasGradient[way] * (biases[way] - biasBefore[way]);
                }
                double next = along > 0 ? 1 : (1 + Math.Sqrt(1 + 4 * momentum * momentum)) / 2;
                float carried = along > 0 ? 0 : (float)((momentum - 1) / next);
                momentum = next;
                for (int way = 0; way < task.Ways; way++)
                {
                    TensorPrimitives.Subtract(weights[way], before[way], ahead[way]);
                    TensorPrimitives.MultiplyAdd(ahead[way], carried, weights[way], ahead[way]);
                    biasAhead[way] = biases[way] + carried * (biases[way] - biasBefore[way]);
                }
            }
            (weights, biases) = (ahead, biasAhead);
        }

        /// <summary>The gradient at weights and biases; returns its length.</summary>
        private double Gradient(float[][] at, float[] biasAt, double decay, float[][] gradient, float[] biasGradient)
        {
            var logits = new float[task.Ways];
            for (int way = 0; way < task.Ways; way++) TensorPrimitives.Multiply(at[way], (float)decay, gradient[way]);
            Array.Clear(biasGradient);
            foreach ((float[] feature, int label) in examples)
            {
                for (int way = 0; way < task.Ways; way++) logits[way] = TensorPrimitives.Dot<float>(feature, at[way]) + biasAt[way];
                Softmax.Apply(logits);
                logits[label] -= 1;
                for (int way = 0; way < task.Ways; way++)
                {
                    float slope = logits[way] / examples.Length;
                    TensorPrimitives.MultiplyAdd(feature, slope, gradient[way], gradient[way]);
                    biasGradient[way] += slope;
                }
            }
            double squares = TensorPrimitives.SumOfSquares<float>(biasGradient);
            foreach (float[] g in gradient) squares += TensorPrimitives.SumOfSquares<float>(g);
            return Math.Sqrt(squares);
        }

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            for (int way = 0; way < task.Ways; way++) probabilities[way] = TensorPrimitives.Dot(feature, weights[way]) + biases[way];
            Softmax.Apply(probabilities);
            return TensorPrimitives.Max<float>(probabilities);
        }

        public void Dispose()
        {
        }
    }
}
