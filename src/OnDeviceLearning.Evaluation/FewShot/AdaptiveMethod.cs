using System.Globalization;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Ours: an <see cref="AdaptiveClassifier"/> that is told the descriptions, taught the examples and left to adapt, through the very
/// calls a game makes. Looks like a class: its own calibrated probability of being known, or, without a calibration, the best cosine.
/// </summary>
/// <param name="name">As tables name it.</param>
/// <param name="settings">Of the head's training; the default ones if null.</param>
/// <param name="prior">In place of the backbone's.</param>
/// <param name="nearness">How near the problem's classes are, in place of the cosine of their descriptions where it is a number.</param>
internal sealed class AdaptiveMethod(string name = "ours", HeadTrainingSettings? settings = null, AdaptationPrior? prior = null, double[,]? nearness = null) : IFewShotMethod
{
    public string Name => name;

    public bool Answers(FewShotTask task) => task.IsDescribed || task.Support.All(s => s.Length > 0);

    public IFewShotLearner Begin(FewShotTask task) => new Learner(task, Settings(task), prior);

    private HeadTrainingSettings Settings(FewShotTask task)
    {
        HeadTrainingSettings chosen = settings ?? HeadTrainingSettings.Default;
        return nearness is null ? chosen : chosen with { Nearness = (a, b) => nearness[task.Classes[a], task.Classes[b]] };
    }

    private sealed class Learner : IFewShotLearner
    {
        private readonly FewShotTask task;
        private readonly AdaptiveClassifier classifier;

        public Learner(FewShotTask task, HeadTrainingSettings settings, AdaptationPrior? prior)
        {
            this.task = task;
            classifier = new AdaptiveClassifier(new Embedder(task.Problem, prior ?? task.Problem.Prior),
                new AdaptiveClassifierOptions { Seed = task.Seed, Worker = AdaptationWorker.None, Training = settings });
            foreach (int c in task.Classes)
                if (task.Problem.Descriptions[c] is null) classifier.AddClass(task.Problem.ClassNames[c]);
                else classifier.Describe(task.Problem.ClassNames[c], c.ToString(CultureInfo.InvariantCulture));
        }

        public void Adapt()
        {
            foreach ((float[] feature, int way) in task.Shown()) classifier.Teach(feature, task.Problem.ClassNames[task.Classes[way]]);
            classifier.AdaptToEnd();
        }

        public float Classify(ReadOnlySpan<float> feature, Span<float> probabilities)
        {
            Prediction prediction = classifier.Classify(feature);
            prediction.Probabilities.CopyTo(probabilities);
            return task.Problem.Unknown is null ? prediction.Similarity : prediction.KnownProbability;
        }

        public void Dispose() => classifier.Dispose();
    }

    /// <summary>Gives out what is embedded already; a description is the number of its class.</summary>
    private sealed class Embedder(FewShotProblem problem, AdaptationPrior prior) : IEmbedder
    {
        public int Width => problem.Width;
        public float LogitScale => problem.LogitScale;
        public string Hash => "";
        public bool ReadsDescriptions => true;
        public AdaptationPrior Prior => prior;
        public UnknownCalibration? Unknown => problem.Unknown;

        public DescriptionReading Embed(string description, Span<float> embedding)
        {
            int c = int.Parse(description, CultureInfo.InvariantCulture);
            problem.Descriptions[c]!.CopyTo(embedding);
            return new DescriptionReading(problem.Understood?[c] ?? 1, []);
        }

        public void Embed(ClassifierInput input, Span<float> embedding) => throw new NotSupportedException();
    }
}
