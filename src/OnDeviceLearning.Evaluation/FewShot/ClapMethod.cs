using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// CLAP as published (arXiv 2312.12730): weights w start at the descriptions t; the loss is cross-entropy of
/// softmax(tau cos(w_c, f)) plus the mean over classes of lambda_c |w_c - t_c|^2, where lambda_c is the mean zero-shot
/// probability of class c on its own examples, and stays so, as in the published runs. Gradient descent over all examples: 300 steps, the
/// first of rate 1e-5, then from 0.1 to 0 along a cosine; momentum 0.9. Its augmented views are left out, as there are only
/// features here. Looks like a class: the best cosine.
/// </summary>
internal sealed class ClapMethod : IFewShotMethod
{
    private const int Steps = 300;
    private const double Rate = 0.1, WarmUpRate = 1e-5, Momentum = 0.9;

    public string Name => "CLAP";

    public bool Answers(FewShotTask task) => task.IsDescribed && task.Support.All(s => s.Length > 0);

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task);

    /// <summary>lambda_c of each class.</summary>
    internal static float[] Multipliers(FewShotTask task)
    {
        var result = new float[task.Ways];
        var logits = new float[task.Ways];
        foreach ((float[] feature, int label) in task.Shown())
        {
            for (int way = 0; way < task.Ways; way++) logits[way] = task.Problem.LogitScale * TensorPrimitives.Dot<float>(feature, task.Description(way));
            Softmax.Apply(logits);
            result[label] += logits[label] / task.Support[label].Length;
        }
        return result;
    }

    /// <summary>The loss at weights [ways][width], and its gradient.</summary>
    internal static double Loss(FewShotTask task, (float[] Feature, int Way)[] examples, float[] multipliers, float[][] weights, float[][] gradient)
    {
        double loss = 0;
        var logits = new float[task.Ways];
        var cosines = new float[task.Ways];
        float[] norms = [.. weights.Select(w => TensorPrimitives.Norm<float>(w))];
        float scale = task.Problem.LogitScale;
        foreach (float[] g in gradient) Array.Clear(g);
        var alongWeight = new float[task.Ways]; // what of the gradient goes along the weight itself
        foreach ((float[] feature, int label) in examples)
        {
            for (int way = 0; way < task.Ways; way++) logits[way] = scale * (cosines[way] = TensorPrimitives.Dot<float>(feature, weights[way]) / norms[way]);
            float own = logits[label], max = TensorPrimitives.Max<float>(logits);
            TensorPrimitives.Subtract(logits, max, logits);
            TensorPrimitives.Exp<float>(logits, logits);
            float sum = TensorPrimitives.Sum<float>(logits);
            loss += (max + Math.Log(sum) - own) / examples.Length;
            for (int way = 0; way < task.Ways; way++)
            {
                // d cos(w, f) / d w = (f - cos w/|w|) / |w|
                float slope = scale * (logits[way] / sum - (way == label ? 1 : 0)) / (examples.Length * norms[way]);
                TensorPrimitives.MultiplyAdd(feature, slope, gradient[way], gradient[way]);
                alongWeight[way] += slope * cosines[way] / norms[way];
            }
        }
        for (int way = 0; way < task.Ways; way++)
        {
            TensorPrimitives.MultiplyAdd(weights[way], -alongWeight[way], gradient[way], gradient[way]);
            ReadOnlySpan<float> t = task.Description(way);
            float strength = multipliers[way] / task.Ways;
            float distance = TensorPrimitives.Distance(weights[way], t);
            loss += strength * (double)distance * distance;
            TensorPrimitives.MultiplyAdd(weights[way], 2 * strength, gradient[way], gradient[way]);
            TensorPrimitives.MultiplyAdd(t, -2 * strength, gradient[way], gradient[way]);
        }
        return loss;
    }

    private sealed class Learner(FewShotTask task) : IFewShotLearner
    {
        private readonly float[][] weights = [.. Enumerable.Range(0, task.Ways).Select(way => (float[])task.Description(way).Clone())];

        public void Adapt()
        {
            float[] multipliers = Multipliers(task);
            (float[], int)[] examples = [.. task.Shown()];
            float[][] gradient = [.. weights.Select(w => new float[w.Length])], velocity = [.. weights.Select(w => new float[w.Length])];
            for (int step = 0; step < Steps; step++)
            {
                double rate = step == 0 ? WarmUpRate : 0.5 * Rate * (1 + Math.Cos(Math.PI * step / Steps));
                Loss(task, examples, multipliers, weights, gradient);
                for (int way = 0; way < task.Ways; way++)
                {
                    TensorPrimitives.MultiplyAdd(velocity[way], (float)Momentum, gradient[way], velocity[way]);
                    TensorPrimitives.MultiplyAdd(velocity[way], (float)-rate, weights[way], weights[way]);
                }
            }
            foreach (float[] w in weights) TensorPrimitives.Divide(w, TensorPrimitives.Norm<float>(w), w);
        }

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            for (int way = 0; way < task.Ways; way++) probabilities[way] = task.Problem.LogitScale * TensorPrimitives.Dot(feature, weights[way]);
            float best = TensorPrimitives.Max<float>(probabilities);
            Softmax.Apply(probabilities);
            return best;
        }

        public void Dispose()
        {
        }
    }
}
