namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>How the drawings of one word fared.</summary>
/// <param name="Word">The word.</param>
/// <param name="Sentence">Its description.</param>
/// <param name="ZeroShot">Drawings matched with it by description alone.</param>
/// <param name="AfterFive">Mean share of test drawings recognised after five examples a word; NaN where there were none.</param>
/// <param name="Mistaken">The words its drawings were taken for by description alone, most often first, with how often.</param>
public sealed record WordScore(
    string Word, string Sentence, Proportion ZeroShot, double AfterFive, IReadOnlyList<(string Word, int Count)> Mistaken);

/// <summary>The outcome of a test on drawings by people.</summary>
/// <param name="ZeroShot">All words against each other by their sentences alone.</param>
/// <param name="AfterOne">After one corrected example a word, tested on all other drawings; the interval is over the seeds.</param>
/// <param name="AfterFive">After five.</param>
/// <param name="Words">Word by word, in the order of the list.</param>
public sealed record DrawingsReport(Proportion ZeroShot, SampleMean AfterOne, SampleMean AfterFive, IReadOnlyList<WordScore> Words);

/// <summary>Tests on drawings by human hands, none of which was ever trained on.</summary>
public static class DrawingsEvaluation
{
    /// <summary>
    /// Every word that has both drawings and a sentence is a class. First each drawing is matched with the sentences; then,
    /// once a seed, one and five random examples a word are taught to an <see cref="AdaptiveClassifier"/> and all others
    /// classified. A word with too few drawings keeps one for the test.
    /// </summary>
    /// <exception cref="ArgumentException">Fewer than two words have both.</exception>
    public static DrawingsReport Evaluate(
        Backbone backbone, IReadOnlyList<LabelledDrawing> drawings, IReadOnlyDictionary<string, string> sentences,
        int seed = 1, int seeds = 5, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(drawings);
        ArgumentNullException.ThrowIfNull(sentences);
        HashSet<string> drawn = [.. drawings.Select(d => d.Word)];
        string[] words = [.. sentences.Keys.Where(drawn.Contains)];
        if (words.Length < 2)
            throw new ArgumentException($"DrawingsEvaluation: {words.Length} of {sentences.Count} described words occur among the drawings; expected at least 2.", nameof(sentences));
        var index = words.Select((word, i) => (word, i)).ToDictionary(w => w.word, w => w.i);
        LabelledDrawing[] used = [.. drawings.Where(d => index.ContainsKey(d.Word))];
        int[] truth = [.. used.Select(d => index[d.Word])];

        // Every drawing is looked at once; the features serve all runs.
        var images = new Embeddings(used.Length, backbone.EmbeddingWidth);
        for (int i = 0; i < used.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            backbone.Embed(used[i].Drawing, images[i]);
        }
        int[,] answers = ZeroShot(backbone, images, truth, words, sentences);
        progress?.Report(1.0 / (1 + 2 * seeds));

        var afterOne = new List<double>();
        var afterFive = new List<double>();
        var perWord = new Proportion[words.Length];
        for (int run = 0; run < seeds; run++)
        {
            // The one example is the first of the five.
            int[][] order = Shuffled(truth, words.Length, new Random(seed + run));
            afterOne.Add(Taught(backbone, images, order, words, sentences, 1, seed + run, null, cancellation).Value);
            progress?.Report((2.0 + 2 * run) / (1 + 2 * seeds));
            afterFive.Add(Taught(backbone, images, order, words, sentences, 5, seed + run, perWord, cancellation).Value);
            progress?.Report((3.0 + 2 * run) / (1 + 2 * seeds));
        }

        int right = 0;
        var scores = new WordScore[words.Length];
        for (int w = 0; w < words.Length; w++)
        {
            int[] row = [.. Enumerable.Range(0, words.Length).Select(a => answers[w, a])];
            right += row[w];
            scores[w] = new WordScore(words[w], sentences[words[w]], new Proportion(row[w], row.Sum()), perWord[w].Value,
                [.. row.Select((count, a) => (Word: words[a], Count: count, Answer: a)).Where(m => m.Answer != w && m.Count > 0)
                    .OrderByDescending(m => m.Count).Select(m => (m.Word, m.Count))]);
        }
        return new DrawingsReport(new Proportion(right, used.Length), new SampleMean(afterOne), new SampleMean(afterFive), scores);
    }

    /// <summary>[word, answer] counts.</summary>
    private static int[,] ZeroShot(
        Backbone backbone, Embeddings images, int[] truth, string[] words, IReadOnlyDictionary<string, string> sentences)
    {
        var texts = new Embeddings(words.Length, backbone.EmbeddingWidth);
        for (int w = 0; w < words.Length; w++) backbone.Embed(sentences[words[w]], texts[w]);
        int[] candidates = [.. Enumerable.Range(0, words.Length)];
        var answers = new int[words.Length, words.Length];
        for (int i = 0; i < truth.Length; i++) answers[truth[i], texts.Nearest(images[i], candidates)]++;
        return answers;
    }

    /// <summary>The drawings of each word in random order.</summary>
    private static int[][] Shuffled(int[] truth, int words, Random random)
    {
        int[][] order = [.. Enumerable.Range(0, words).Select(w => Enumerable.Range(0, truth.Length).Where(i => truth[i] == w).ToArray())];
        foreach (int[] drawings in order) random.Shuffle(drawings);
        return order;
    }

    private static Proportion Taught(
        Backbone backbone, Embeddings images, int[][] order, string[] words, IReadOnlyDictionary<string, string> sentences,
        int examples, int seed, Proportion[]? perWord, CancellationToken cancellation)
    {
        using var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Seed = (ulong)seed, Worker = AdaptationWorker.None });
        foreach (string word in words) classifier.Describe(word, sentences[word]);
        int[] taught = [.. order.Select(drawings => Math.Min(examples, drawings.Length - 1))];
        for (int w = 0; w < words.Length; w++)
            for (int e = 0; e < taught[w]; e++) classifier.Teach(images[order[w][e]], words[w]);
        cancellation.ThrowIfCancellationRequested();
        classifier.AdaptToEnd();

        Proportion all = default;
        for (int w = 0; w < words.Length; w++)
            for (int i = taught[w]; i < order[w].Length; i++)
            {
                bool hit = classifier.Classify(images[order[w][i]]).Label == words[w];
                all = all.With(hit);
                if (perWord is not null) perWord[w] = perWord[w].With(hit);
            }
        return all;
    }
}
