using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>Pairs of texts that mean the same or nearly so.</summary>
/// <param name="Tokens">[2, pairs, length], padded with 0: the first texts, then the second ones.</param>
/// <param name="Lengths">[2, pairs]</param>
/// <param name="Groups">[pairs]; texts of pairs of one group belong together too.</param>
internal sealed record TextBatch(int[] Tokens, int[] Lengths, int[] Groups)
{
    public int Pairs => Groups.Length;
}

/// <summary>Draws training pairs; a step's batch depends on the seed and the step alone.</summary>
internal sealed class TextPairs
{
    /// <summary>Shares of a batch: pairs of request frames, of questions of an intent; the rest are of the dictionary.</summary>
    private const double FrameShare = 0.4, IntentShare = 0.15;

    /// <summary>How often a word is left out: texts that say less still mean the same.</summary>
    private const double WordDropout = 0.2;

    /// <summary>A word of a frame's thing or action must be met so often.</summary>
    private const int FamiliarCount = 25;

    /// <summary>Purposes that are asked about one thing in a batch: what the thing is cannot tell them apart.</summary>
    private const int PurposesOfOneThing = 4;

    private readonly TextsCorpus corpus;
    private readonly TextTokenizer tokenizer;
    private readonly int size, seed, end;
    private readonly int[] trained, exemplified, narrower, things, actions; // synsets
    private readonly Dictionary<string, int[]> encoded = [];

    public TextPairs(TextsCorpus corpus, TextTokenizer tokenizer, IReadOnlyDictionary<string, int> wordCounts, int size, int seed)
    {
        (this.corpus, this.tokenizer, this.size, this.seed) = (corpus, tokenizer, size, seed);
        end = tokenizer.Encode("a")[^1]; // closes every text
        trained = [.. Enumerable.Range(0, corpus.Synsets.Count).Where(i => !TextsCorpus.IsHeldOut(i))];
        exemplified = [.. trained.Where(i => corpus.Synsets[i].Examples.Count > 0)];
        narrower = [.. trained.Where(i => corpus.Synsets[i].Hypernyms.Count > 0)];
        things = [.. trained.Where(i => corpus.Synsets[i].Category == 'n' && IsFamiliar(corpus.Synsets[i].Lemmas[0]))];
        actions = [.. trained.Where(i => corpus.Synsets[i].Category == 'v' && IsFamiliar(corpus.Synsets[i].Lemmas[0]))];
        if (exemplified.Length == 0 || narrower.Length == 0 || things.Length == 0 || actions.Length == 0 || corpus.Intents.Count == 0)
            throw new FormatException($"TextPairs: {exemplified.Length} synsets with examples, {narrower.Length} with hypernyms, {things.Length} familiar nouns, {actions.Length} familiar verbs, {corpus.Intents.Count} intents; expected at least one of each.");

        bool IsFamiliar(string lemma) => TextTokenizer.Split(lemma).All(w => wordCounts.GetValueOrDefault(w) >= FamiliarCount);
    }

    /// <summary>The batch of a step.</summary>
    public TextBatch Make(long step)
    {
        var random = new Random(BatchQueue<TextBatch>.Seed(seed, step));
        var pairs = new List<(int[] First, int[] Second, (int, int, int, int) Group)>(size + 8);
        while (pairs.Count < FrameShare * size) AddFrames(pairs, random);
        while (pairs.Count < size)
            if (random.NextDouble() * (1 - FrameShare) < IntentShare) AddIntent(pairs, random);
            else AddSynset(pairs, random);

        int length = pairs.Max(p => Math.Max(p.First.Length, p.Second.Length));
        var batch = new TextBatch(new int[2 * pairs.Count * length], new int[2 * pairs.Count], new int[pairs.Count]);
        var groups = new Dictionary<(int, int, int, int), int>();
        for (int i = 0; i < pairs.Count; i++)
        {
            (int[] first, int[] second, var group) = pairs[i];
            first.CopyTo(batch.Tokens.AsSpan(i * length));
            second.CopyTo(batch.Tokens.AsSpan((pairs.Count + i) * length));
            batch.Lengths[i] = first.Length;
            batch.Lengths[pairs.Count + i] = second.Length;
            if (!groups.TryGetValue(group, out batch.Groups[i])) groups.Add(group, batch.Groups[i] = groups.Count);
        }
        return batch;
    }

    private void AddIntent(List<(int[], int[], (int, int, int, int))> pairs, Random random)
    {
        int index = random.Next(corpus.Intents.Count);
        TrainingIntent intent = corpus.Intents[index];
        string other = random.Next(2) == 0 ? intent.Words : Pick(intent.Texts, random);
        pairs.Add((Drop(Encode(Pick(intent.Texts, random)), random), Drop(Encode(other), random), (1, index, 0, 0)));
    }

    /// <summary>A word and its definition, an example and the definition, word and example, a word and a wider one, two halves of a definition.</summary>
    private void AddSynset(List<(int[], int[], (int, int, int, int))> pairs, Random random)
    {
        int relation = random.Next(5), index = Pick(relation switch { 1 or 2 => exemplified, 3 => narrower, _ => trained }, random);
        Synset synset = corpus.Synsets[index];
        int[] first, second;
        switch (relation)
        {
            case 0:
                (first, second) = (Encode(Pick(synset.Lemmas, random)), Encode(synset.Definition));
                break;
            case 1:
                (first, second) = (Encode(Pick(synset.Examples, random)), Encode(synset.Definition));
                break;
            case 2:
                first = Join(Encode(Pick(synset.Lemmas, random)), random.NextDouble() < 0.3 ? Encode(synset.Definition) : []);
                second = Encode(Pick(synset.Examples, random));
                break;
            case 3:
                index = Pick(synset.Hypernyms, random);
                Synset wider = corpus.Synsets[index];
                first = Join(Encode(Pick(synset.Lemmas, random)), random.Next(2) == 0 ? Encode(synset.Definition) : []);
                second = Join(Encode(Pick(wider.Lemmas, random)), random.Next(2) == 0 ? Encode(wider.Definition) : []);
                break;
            default:
                int[] all = Encode(synset.Definition)[..^1];
                if (all.Length < 2) return;
                random.Shuffle(all);
                (first, second) = ([.. all[..(all.Length / 2)], end], [.. all[(all.Length / 2)..], end]);
                break;
        }
        pairs.Add((Drop(first, random), Drop(second, random), (0, index, 0, 0)));
    }

    private void AddFrames(List<(int[], int[], (int, int, int, int))> pairs, Random random)
    {
        int thing = Pick(things, random), action = Pick(actions, random);
        int[] purposes = [.. Enumerable.Range(0, corpus.Frames.Purposes)];
        random.Shuffle(purposes);
        foreach (int purpose in purposes.AsSpan(0, Math.Min(PurposesOfOneThing, purposes.Length))) Add(purpose, thing);
        Add(purposes[0], Pick(things, random));

        void Add(int purpose, int about) =>
            pairs.Add((Drop(Request(purpose, about, corpus.Frames.Openings, 0.4), random), Drop(Request(purpose, about, corpus.Frames.Askings, 0.6), random), (2, purpose, about, action)));

        int[] Request(int purpose, int about, IReadOnlyList<string> beginnings, double often)
        {
            string verb = random.NextDouble() < 0.3 ? Name(action, random) : corpus.Synsets[action].Lemmas[0];
            string noun = random.Next(10) switch { < 2 => "my ", < 5 => "the ", < 6 => "a ", _ => "" } + Name(about, random);
            string text = corpus.Frames.Render(purpose, noun, verb, random);
            return tokenizer.Encode(random.NextDouble() < often ? $"{Pick(beginnings, random)} {text}" : text);
        }
    }

    /// <summary>A synset in words: mostly its first lemma, else another, a wider one, or its definition.</summary>
    private string Name(int index, Random random)
    {
        Synset synset = corpus.Synsets[index];
        double r = random.NextDouble();
        return r < 0.65 ? synset.Lemmas[0]
            : r < 0.85 ? Pick(synset.Lemmas, random)
            : r < 0.95 && synset.Hypernyms.Count > 0 ? Pick(corpus.Synsets[Pick(synset.Hypernyms, random)].Lemmas, random)
            : synset.Definition;
    }

    private int[] Encode(string text)
    {
        if (!encoded.TryGetValue(text, out int[]? ids)) encoded.Add(text, ids = tokenizer.Encode(text));
        return ids;
    }

    private static int[] Join(int[] a, int[] b) => b.Length == 0 ? a : [.. a[..^1], .. b];

    /// <summary>Leaves words out, but not all of them.</summary>
    private int[] Drop(int[] ids, Random random)
    {
        int[] kept = [.. ids[..^1].Where(_ => random.NextDouble() >= WordDropout)];
        return kept.Length == 0 ? ids : [.. kept.AsSpan(0, Math.Min(kept.Length, TextsModel.MaxTokens - 1)), end];
    }

    private static T Pick<T>(IReadOnlyList<T> list, Random random) => list[random.Next(list.Count)];
}
