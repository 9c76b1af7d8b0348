using OnDeviceLearning.Datasets;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>An intent with questions that ask for it.</summary>
internal sealed record TrainingIntent(string Name, IReadOnlyList<string> Texts)
{
    /// <summary>The name as words: "card arrival".</summary>
    public string Words { get; } = Name.Replace('_', ' ').TrimEnd('?');
}

/// <summary>
/// What the texts backbone is trained on: Open English WordNet, the training questions of Banking77 and the project's
/// request frames. A part of WordNet and of the intents is held out, to calibrate on.
/// </summary>
internal sealed class TextsCorpus
{
    /// <summary>One in so many intents and synsets is held out.</summary>
    private const int HeldOutIntents = 6, HeldOutSynsets = 16;

    private const int BankingWeight = 3, FrameWeight = 20;

    public TextsCorpus(IReadOnlyList<Synset> synsets, IReadOnlyList<LabelledText> questions)
    {
        Synsets = synsets;
        TrainingIntent[] intents = [.. questions.GroupBy(q => q.Intent).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new TrainingIntent(g.Key, [.. g.Select(q => q.Text)]))];
        Intents = [.. intents.Where((_, i) => i % HeldOutIntents != 0)];
        Calibration = [.. intents.Where((_, i) => i % HeldOutIntents == 0)];
    }

    public IReadOnlyList<Synset> Synsets { get; }

    /// <summary>The intents that are trained on.</summary>
    public IReadOnlyList<TrainingIntent> Intents { get; }

    /// <summary>The intents that are only calibrated on.</summary>
    public IReadOnlyList<TrainingIntent> Calibration { get; }

    public RequestFrames Frames { get; } = RequestFrames.Read();

    /// <summary>Reads both data sets from a data folder.</summary>
    public static TextsCorpus Read(string? folder) => new(WordNetFile.Read(WordNetFile.Find(folder)), BankingFile.Read(BankingFile.Find(folder)));

    /// <summary>Whether a synset is only calibrated on.</summary>
    public static bool IsHeldOut(int synset) => synset % HeldOutSynsets == 0;

    /// <summary>How often each word occurs in the texts that are trained on; the small corpora weigh more, as they do in training.</summary>
    public Dictionary<string, int> WordCounts()
    {
        var counts = new Dictionary<string, int>();
        for (int i = 0; i < Synsets.Count; i++)
        {
            if (IsHeldOut(i)) continue;
            Count(Synsets[i].Definition, 1);
            foreach (string lemma in Synsets[i].Lemmas) Count(lemma, 1);
            foreach (string example in Synsets[i].Examples) Count(example, 1);
        }
        foreach (TrainingIntent intent in Intents)
            foreach (string text in intent.Texts) Count(text, BankingWeight);
        foreach ((_, string text) in Frames.Rows) Count(text, FrameWeight);
        return counts;

        void Count(string text, int weight)
        {
            foreach (string word in TextTokenizer.Split(text)) counts[word] = counts.GetValueOrDefault(word) + weight;
        }
    }

    /// <summary>The texts whose words are counted as standing beside each other: definitions with their lemmas, examples, questions.</summary>
    public IEnumerable<string> Documents()
    {
        for (int i = 0; i < Synsets.Count; i++)
        {
            if (IsHeldOut(i)) continue;
            yield return $"{string.Join(' ', Synsets[i].Lemmas)} {Synsets[i].Definition}";
            foreach (string example in Synsets[i].Examples) yield return example;
        }
        foreach (TrainingIntent intent in Intents)
            foreach (string text in intent.Texts) yield return text;
    }
}
