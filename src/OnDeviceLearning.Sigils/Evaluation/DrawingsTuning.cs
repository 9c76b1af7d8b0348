using System.Diagnostics;

namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>What fine-tuning the encoder adds after some examples a word.</summary>
/// <param name="Tuning">What moved.</param>
/// <param name="Examples">Examples a word.</param>
/// <param name="HeadAlone">Share of the other drawings recognised with the shipped encoder; the interval is over the seeds.</param>
/// <param name="Tuned">The same after tuning.</param>
/// <param name="Mixes">How far the dial went in each run; 0 where the shipped encoder stayed.</param>
/// <param name="Seconds">Mean time of a tuning run.</param>
public sealed record DrawingsTuningReport(
    EncoderTuning Tuning, int Examples, SampleMean HeadAlone, SampleMean Tuned, IReadOnlyList<double> Mixes, double Seconds)
{
    /// <summary>The mean of the differences of each run, with their 95 % interval.</summary>
    public (double Value, double Low, double High) Gain
    {
        get
        {
            // From -1..1 to the 0..1 of a share, and back.
            var halved = new SampleMean([.. Tuned.Sample.Zip(HeadAlone.Sample, (after, before) => 0.5 * (1 + after - before))]);
            return (2 * halved.Value - 1, 2 * halved.Low - 1, 2 * halved.High - 1);
        }
    }
}

/// <summary>The protocol of <see cref="DrawingsEvaluation"/> with an encoder that is tuned inside the classifier.</summary>
public static class DrawingsTuning
{
    /// <summary>
    /// Teaches random examples of each word to an <see cref="AdaptiveClassifier"/>, once a seed, and classifies all others:
    /// with the shipped encoder, and again once its tuning run has ended. Both see the same drawings.
    /// </summary>
    /// <exception cref="ArgumentException">Fewer than two words have both drawings and a sentence.</exception>
    public static DrawingsTuningReport Evaluate(
        Backbone backbone, IReadOnlyList<LabelledDrawing> drawings, IReadOnlyDictionary<string, string> sentences, EncoderTuning tuning,
        int examples = 5, int seed = 1, int seeds = 5, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(drawings);
        ArgumentNullException.ThrowIfNull(sentences);
        HashSet<string> drawn = [.. drawings.Select(d => d.Word)];
        string[] words = [.. sentences.Keys.Where(drawn.Contains)];
        if (words.Length < 2)
            throw new ArgumentException($"DrawingsTuning: {words.Length} of {sentences.Count} described words occur among the drawings; expected at least 2.", nameof(sentences));
        Drawing[][] byWord = [.. words.Select(word => drawings.Where(d => d.Word == word).Select(d => d.Drawing).ToArray())];
        List<double> before = [], after = [], mixes = [];
        double seconds = 0;
        for (int run = 0; run < seeds; run++)
        {
            cancellation.ThrowIfCancellationRequested();
            // The same order of drawings as in DrawingsEvaluation.
            var random = new Random(seed + run);
            Drawing[][] order = [.. byWord.Select(d => d.ToArray())];
            foreach (Drawing[] word in order) random.Shuffle(word);
            using var classifier = new AdaptiveClassifier(backbone,
                new AdaptiveClassifierOptions { Seed = (ulong)(seed + run), Worker = AdaptationWorker.None, Encoder = tuning });
            foreach (string word in words) classifier.Describe(word, sentences[word]);
            for (int w = 0; w < words.Length; w++)
                foreach (Drawing taught in order[w].Take(Taught(order[w]))) classifier.Teach(taught, words[w]);
            // The head comes first; the encoder's run begins in the call after it.
            while (classifier.Adapt(TimeSpan.MaxValue).Status != AdaptStatus.Published) { }
            before.Add(Measure(classifier).Value);
            long start = Stopwatch.GetTimestamp();
            mixes.Add(classifier.AdaptToEnd().EncoderMix);
            seconds += Stopwatch.GetElapsedTime(start).TotalSeconds / seeds;
            after.Add(Measure(classifier).Value);
            progress?.Report((1.0 + run) / seeds);

            Proportion Measure(AdaptiveClassifier classifier)
            {
                Proportion all = default;
                for (int w = 0; w < words.Length; w++)
                    foreach (Drawing drawing in order[w].Skip(Taught(order[w]))) all = all.With(classifier.Classify(drawing).Label == words[w]);
                return all;
            }
        }
        return new DrawingsTuningReport(tuning, examples, new SampleMean(before), new SampleMean(after), mixes, seconds);

        // A word with too few drawings keeps one for the test.
        int Taught(Drawing[] drawings) => Math.Min(examples, drawings.Length - 1);
    }
}
