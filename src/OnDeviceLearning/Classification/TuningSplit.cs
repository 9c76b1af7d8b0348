using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>
/// Which examples a tuning run learns from, and which judge it: one in five of each class, starting anywhere, never its only one.
/// </summary>
internal sealed class TuningSplit
{
    /// <summary>The share of a class's examples that is held out is one in so many.</summary>
    private const int Fifth = 5;

    private readonly double[] weights; // of the examples held out: every class counts alike, 1 in all

    private TuningSplit(TuningExample[] examples, int[] training, int[] heldOut)
    {
        (Training, HeldOut) = (training, heldOut);
        Dictionary<int, int> perClass = heldOut.GroupBy(i => examples[i].Class).ToDictionary(g => g.Key, g => g.Count());
        weights = [.. heldOut.Select(i => 1.0 / perClass[examples[i].Class] / perClass.Count)];
    }

    /// <summary>Indices of the examples that are learnt from.</summary>
    public int[] Training { get; }

    /// <summary>Indices of the examples that judge.</summary>
    public int[] HeldOut { get; }

    /// <summary>Splits examples; the same seed splits the same examples alike.</summary>
    public static TuningSplit Of(TuningExample[] examples, ulong seed)
    {
        List<int> training = [], heldOut = [];
        Dictionary<int, int> counts = examples.GroupBy(e => e.Class).ToDictionary(g => g.Key, g => g.Count()), seen = [];
        for (int i = 0; i < examples.Length; i++)
        {
            int c = examples[i].Class, at = seen.GetValueOrDefault(c);
            seen[c] = at + 1;
            bool isHeldOut = counts[c] > 1 && (HeadEvidence.Mix(seed + (ulong)c) % Fifth + (ulong)at) % Fifth == 0;
            (isHeldOut ? heldOut : training).Add(i);
        }
        return new TuningSplit(examples, [.. training], [.. heldOut]);
    }

    /// <summary>Whether there is enough to train on and to judge by.</summary>
    public static bool IsEnough(TuningExample[] examples, ulong seed, EncoderTuningSettings settings)
    {
        if (examples.Length < settings.LeastExamples) return false;
        TuningSplit split = Of(examples, seed);
        return split.HeldOut.Length >= 2 && split.Training.Select(i => examples[i].Class).Distinct().Take(2).Count() == 2;
    }

    /// <summary>The mean of values over those of a reference, and its standard error, each of one value for each example that judges.</summary>
    public double Gain(double[] values, double[] reference, out double standardError)
    {
        double gain = 0, squares = 0;
        for (int i = 0; i < values.Length; i++) gain += weights[i] * (values[i] - reference[i]);
        for (int i = 0; i < values.Length; i++)
        {
            double difference = values[i] - reference[i] - gain;
            squares += weights[i] * weights[i] * difference * difference;
        }
        standardError = Math.Sqrt(squares);
        return gain;
    }
}
