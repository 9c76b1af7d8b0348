using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Texts;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>The texts recipe and its parts on a made-up dictionary, in sizes that take seconds.</summary>
public sealed class TextsRecipeTests : TorchTests
{
    private static readonly TextsRecipeSizes tiny = new(Batch: 16, Pieces: 300, SpeedSteps: 4, UnknownEpisodes: 3, PriorEpisodes: 1, Ways: 2, MostExamples: 2);
    private readonly string folder = Directory.CreateTempSubdirectory("odl-texts-").FullName;
    private readonly TextsCorpus corpus = Corpus();

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void The_same_step_gives_the_same_batch_and_pairs_of_a_group_belong_together()
    {
        (TextTokenizer tokenizer, TextPairs pairs) = Pairs(seed: 1);
        TextBatch a = pairs.Make(7), b = Pairs(seed: 1).Pairs.Make(7);
        Assert.Equal(a.Tokens, b.Tokens);
        Assert.Equal(a.Groups, b.Groups);
        Assert.NotEqual(a.Tokens, pairs.Make(8).Tokens);
        Assert.NotEqual(a.Tokens, Pairs(seed: 2).Pairs.Make(7).Tokens);
        Assert.True(a.Pairs >= tiny.Batch);
        int length = a.Tokens.Length / a.Lengths.Length, end = tokenizer.Encode("a")[^1];
        for (int i = 0; i < a.Lengths.Length; i++)
        {
            Assert.InRange(a.Lengths[i], 2, Math.Min(length, TextsModel.MaxTokens));
            Assert.Equal(end, a.Tokens[i * length + a.Lengths[i] - 1]);
            Assert.All(a.Tokens.AsSpan(i * length + a.Lengths[i], length - a.Lengths[i]).ToArray(), t => Assert.Equal(0, t));
        }
    }

    [Fact]
    public void What_is_held_out_is_never_drawn()
    {
        // Words that occur in held-out synsets and intents alone would have to be spelt by letters if they were drawn.
        (TextTokenizer tokenizer, TextPairs pairs) = Pairs(seed: 1);
        for (int step = 0; step < 40; step++)
        {
            TextBatch batch = pairs.Make(step);
            int length = batch.Tokens.Length / batch.Lengths.Length;
            for (int i = 0; i < batch.Lengths.Length; i++)
                Assert.DoesNotContain("zq", tokenizer.Decode(batch.Tokens.AsSpan(i * length, batch.Lengths[i])), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Row_Adam_is_Adam_without_bias_correction_on_the_touched_rows_alone()
    {
        Tensor table = new TorchSharp.Modules.Parameter(tensor(new float[] { 1, 2, 3, 4, 5, 6 }).view(3, 2));
        var adam = new RowAdam(table);
        double m = 0, v = 0, expected = 3;
        for (int step = 0; step < 3; step++)
        {
            (table[1] * 2).sum().backward();
            adam.Step(tensor(new long[] { 1 }), 0.1);
            m = 0.9 * m + 0.1 * 2;
            v = 0.98 * v + 0.02 * 4;
            expected -= 0.1 * m / (Math.Sqrt(v) + 1e-7);
            Assert.Equal(expected, table[1, 0].item<float>(), 5);
        }
        Assert.Equal([1f, 2f], table[0].Values());
        Assert.Equal([5f, 6f], table[2].Values());
        Assert.All(table.grad!.Values(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_vocabulary_merges_the_most_frequent_pair_of_the_words_as_they_stand()
    {
        var counts = new Dictionary<string, int> { ["low"] = 5, ["lower"] = 2, ["newest"] = 6, ["widest"] = 3, ["aaaa"] = 4 };
        BpeTrainer trained = BpeTrainer.Train(counts, 3 + 2 * 68 + 12);
        // Counted anew after every merge, in plain loops.
        List<(List<string> Pieces, int Count)> words = [.. counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c =>
        {
            List<string> pieces = [.. c.Key.Select(x => x.ToString())];
            pieces[^1] += BpeTrainer.EndOfWord;
            return (pieces, c.Value);
        })];
        foreach (string expected in trained.Pieces.Skip(3 + 2 * 68))
        {
            (string left, string right) = words.SelectMany(w => Enumerable.Range(1, w.Pieces.Count - 1).Select(i => (Pair: (w.Pieces[i - 1], w.Pieces[i]), w.Count)))
                .GroupBy(p => p.Pair).OrderByDescending(g => g.Sum(p => p.Count)).ThenBy(g => g.Key.Item1, StringComparer.Ordinal).ThenBy(g => g.Key.Item2, StringComparer.Ordinal).First().Key;
            Assert.Equal(left + right, expected);
            foreach ((List<string> pieces, _) in words)
                for (int i = pieces.Count - 1; i > 0; i--)
                    if (pieces[i - 1] == left && pieces[i] == right)
                    {
                        pieces[i - 1] += right;
                        pieces.RemoveAt(i);
                    }
        }
    }

    [Fact]
    public void A_resumed_training_ends_with_the_very_same_state()
    {
        TextPairs pairs = Pairs(seed: 1).Pairs;
        TextsTrainer straight = new(Table(seed: 4)), stopped = new(Table(seed: 4)), resumed = new(Table(seed: 4));
        Train(straight, 4);
        Train(stopped, 2);
        string checkpoint = Path.Combine(folder, "state.safetensors");
        TrainingRun.Save(stopped, checkpoint, 100, "a run", 1);
        Assert.Equal(100, TrainingRun.Restore(resumed, checkpoint, "a run", 1));
        Train(resumed, 4);
        Dictionary<string, Tensor> actual = resumed.State.ToDictionary();
        foreach ((string name, Tensor expected) in straight.State)
            Assert.True(expected.equal(actual[name]).all().item<bool>(), $"'{name}' differs.");

        void Train(TextsTrainer trainer, long until)
        {
            while (trainer.Step < until) trainer.Update(pairs.Make(trainer.Step), 100);
        }
    }

    [Fact]
    public void A_table_under_training_embeds_as_the_learnt_part_of_the_graph_that_a_game_runs()
    {
        TextTokenizer tokenizer = Pairs(seed: 1).Tokenizer;
        PieceTable table = Table(seed: 6);
        TextBatch batch = Pairs(seed: 1).Pairs.Make(0);
        float[] embedded = Embed(TextsModel.Text(tokenizer.LargestId + 1), table, new WordBuckets(Pieces(), tokenizer, corpus.WordCounts()), batch);
        const int both = TextsModel.Width + WordBuckets.Count;
        // A text of known words: the learnt part is 1 long, the words sqrt(1/2), before the whole is normalised.
        float[] learnt = [.. embedded.Chunk(both).SelectMany(e => e[..TextsModel.Width]).Select(v => v * MathF.Sqrt(1.5f))];
        Assert.InRange(Results.NormError(table.Embed(batch).Values(), learnt), 0, 1e-4);
    }

    [Fact]
    public void The_cosine_of_two_texts_is_the_weighted_mean_of_what_was_learnt_and_of_the_words_in_common()
    {
        TextTokenizer tokenizer = Pairs(seed: 1).Tokenizer;
        PieceTable table = Table(seed: 6);
        Dictionary<string, int> pieces = Pieces(), counts = corpus.WordCounts();
        TextBatch batch = Batch(tokenizer, ["we paint the boat on day 3", "a house"], ["the painted boats", "people sell stones"]);
        float[][] embedded = [.. Embed(TextsModel.Text(tokenizer.LargestId + 1), table, new WordBuckets(pieces, tokenizer, counts), batch).Chunk(TextsModel.Width + WordBuckets.Count)];
        float[] learnt = table.Cosines(batch).Values();

        // The words once more, in plain dictionaries: no two of so few stems share a bucket.
        Dictionary<int, string> spelt = pieces.ToDictionary(p => p.Value, p => p.Key);
        var occurrences = new Dictionary<string, double>();
        foreach ((string word, int count) in counts)
            foreach (int id in tokenizer.Encode(word)[..^1]) occurrences[Stem(id)] = occurrences.GetValueOrDefault(Stem(id)) + count;
        double all = occurrences.Values.Sum();
        Assert.InRange(pieces.Values.Select(Stem).Distinct().Count(), 2, WordBuckets.Count);
        Dictionary<string, double>[] words = [.. Enumerable.Range(0, 4).Select(i =>
        {
            var weights = new Dictionary<string, double>();
            int length = batch.Tokens.Length / 4;
            foreach (int id in batch.Tokens.AsSpan(i * length, batch.Lengths[i] - 1))
                if (char.IsLetterOrDigit(spelt[id][0])) weights[Stem(id)] = weights.GetValueOrDefault(Stem(id)) + 1e-3 / (1e-3 + occurrences.GetValueOrDefault(Stem(id)) / all);
            return weights;
        })];
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
            {
                double common = words[i].Sum(w => w.Value * words[2 + j].GetValueOrDefault(w.Key)) / Length(words[i]) / Length(words[2 + j]);
                Assert.Equal((learnt[i * 2 + j] + 0.5 * common) / 1.5, System.Numerics.Tensors.TensorPrimitives.Dot<float>(embedded[i], embedded[2 + j]), 4);
            }

        static double Length(Dictionary<string, double> weights) => Math.Sqrt(weights.Values.Sum(w => w * w));

        string Stem(int id) => spelt[id].EndsWith(BpeTrainer.EndOfWord, StringComparison.Ordinal) ? WordStem.Of(spelt[id][..^4]) + "/" : spelt[id];
    }

    [Fact]
    public void A_piece_counts_in_its_own_bucket_alone_even_in_half_precision()
    {
        TextTokenizer tokenizer = Pairs(seed: 1).Tokenizer;
        var buckets = new WordBuckets(Pieces(), tokenizer, corpus.WordCounts());
        int end = tokenizer.Encode("a")[^1];
        for (int id = 0; id <= tokenizer.LargestId; id++)
        {
            float[] code = [.. buckets.Codes.AsSpan(id * WordBuckets.CodeWidth, WordBuckets.CodeWidth).ToArray().Select(v => (float)(Half)v)];
            float[] counts = [.. Enumerable.Range(0, WordBuckets.Count).Select(b => Math.Max(0, Enumerable.Range(0, WordBuckets.CodeWidth).Sum(k => code[k] * buckets.Expansion[b * WordBuckets.CodeWidth + k])))];
            if (code[^1] == 0) Assert.All(counts, c => Assert.Equal(0, c));
            else Assert.Equal(code[^1], Assert.Single(counts, c => c != 0));
        }
        Assert.Equal(0, buckets.Codes[end * WordBuckets.CodeWidth]);
        Assert.NotEqual(0, buckets.Codes[tokenizer.Encode("boat")[0] * WordBuckets.CodeWidth]);
    }

    [Theory]
    [InlineData("transfer", "transfers", "transferred", "transferring")]
    [InlineData("reply", "replies", "replied")]
    [InlineData("bake", "bakes", "baking", "baked")]
    [InlineData("call", "calls", "calling", "called")]
    public void Forms_of_a_word_have_one_stem(params string[] forms) => Assert.Single(forms.Select(WordStem.Of).Distinct());

    [Theory]
    [InlineData("card", "car")]
    [InlineData("king", "kin")]
    [InlineData("bank", "banker")]
    public void Other_words_have_other_stems(string word, string other) => Assert.NotEqual(WordStem.Of(word), WordStem.Of(other));

    [Fact]
    public void An_encoder_that_learns_from_several_comes_to_agree_with_their_mean()
    {
        TextBatch batch = Pairs(seed: 1).Pairs.Make(0);
        PieceTable first = Table(seed: 7), second = Table(seed: 8), learner = Table(seed: 9);
        float[] mean = [.. first.Cosines(batch).Values().Zip(second.Cosines(batch).Values(), (a, b) => (a + b) / 2)];
        double before = Results.NormError(learner.Cosines(batch).Values(), mean);
        var distiller = new TextsDistiller(learner, [first, second]);
        while (distiller.Step < 100) distiller.Update(batch, 100);
        Assert.InRange(Results.NormError(learner.Cosines(batch).Values(), mean), 0, before / 2);
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_and_ends_with_a_backbone_that_computes_what_was_trained()
    {
        string file = Path.Combine(folder, "made for it", "texts.safetensors");
        var options = new TextsRecipeOptions(file, null, Seed: 3, Minutes: 0.004, Threads: 1, Path.Combine(folder, "checkpoint"), Members: 2);
        using (var stop = new CancellationTokenSource())
        {
            // In the second step of the second member.
            int begun = 0;
            Assert.False(TextsRecipe.Run(options, corpus, tiny, new Steps(p => { if (p.Step == 1) begun++; if (begun == 2 && p.Step == 2) stop.Cancel(); }), stop.Token));
            Assert.False(File.Exists(file));
        }
        var rest = new Steps(_ => { });
        Assert.True(TextsRecipe.Run(options, corpus, tiny, rest, CancellationToken.None));
        Assert.Equal(3, rest.Seen[0].Step);
        Assert.Single(rest.Seen, p => p.Step == 1);
        Assert.All(rest.Seen, p => Assert.True(double.IsFinite(p.Loss)));

        using Backbone backbone = Backbone.Load(file, device);
        Assert.Equal(InputKinds.Texts, backbone.Reads);
        Assert.NotNull(backbone.Unknown);
        Assert.Matches("""^\{"trustByExamples":\[0(,[0-9.]+){32}\]\}$""", backbone.Metadata["odl.adaptationPrior"]);
        Assert.Contains("CC BY 4.0", backbone.Metadata["odl.provenance"], StringComparison.Ordinal);

        const string text = "how long does a small animal take";
        float[] embedding = new float[backbone.EmbeddingWidth];
        backbone.Embed(text, embedding);
        SafetensorsFile weights = SafetensorsReader.Read(file);
        using TwinModel model = TwinModel.FromFile(device, weights, "text");
        Tensor read = tensor(TextTokenizer.Parse(weights.Metadata["odl.tokenizer"]).Encode(text)).to(ScalarType.Int64).unsqueeze(0);
        Assert.InRange(Results.NormError(embedding, model.Torch.Forward(read).Values()), 0, 1e-4);
        Assert.Equal(1, System.Numerics.Tensors.TensorPrimitives.Norm<float>(embedding), 3);

        string further = Path.Combine(folder, "further.safetensors");
        Assert.True(TextsRecipe.Run(options with { Out = further, CheckpointFolder = Path.Combine(folder, "two"), From = file }, corpus, tiny, new Steps(_ => { }), CancellationToken.None));
        Assert.Equal(weights.Metadata["odl.tokenizer"], SafetensorsReader.Read(further).Metadata["odl.tokenizer"]);
    }

    private PieceTable Table(int seed)
    {
        var random = new Random(seed);
        return new PieceTable([.. Enumerable.Range(0, (Pairs(seed: 1).Tokenizer.LargestId + 1) * TextsModel.Width).Select(_ => random.NextSingle() - 0.5f)], TextsModel.Width, 0.04);
    }

    private Dictionary<string, int> Pieces() =>
        BpeTrainer.Train(corpus.WordCounts(), tiny.Pieces).Pieces.Select((piece, id) => (piece, id)).ToDictionary(p => p.piece, p => p.id);

    /// <summary>A batch through the graph: [2 * pairs, width].</summary>
    private static float[] Embed(OnDeviceLearning.Graphs.Graph text, PieceTable table, WordBuckets buckets, TextBatch batch)
    {
        var graph = new TorchGraph(text);
        using IDisposable untracked = no_grad();
        graph.Parameters["tokens.weight"].copy_(table.Weight);
        graph.Parameters["codes.weight"].copy_(tensor(buckets.Codes).view(-1, WordBuckets.CodeWidth));
        graph.Parameters["buckets.weight"].copy_(tensor(buckets.Expansion).view(-1, WordBuckets.CodeWidth));
        return graph.Forward(tensor(batch.Tokens).view(batch.Lengths.Length, -1).to(ScalarType.Int64), tensor(batch.Lengths).to(ScalarType.Int64)).Values();
    }

    /// <summary>Texts in pairs, each of a group of its own.</summary>
    private static TextBatch Batch(TextTokenizer tokenizer, string[] first, string[] second)
    {
        int[][] texts = [.. first.Concat(second).Select(tokenizer.Encode)];
        int length = texts.Max(t => t.Length);
        return new TextBatch([.. texts.SelectMany(t => t.Concat(Enumerable.Repeat(0, length - t.Length)))], [.. texts.Select(t => t.Length)], [.. Enumerable.Range(0, first.Length)]);
    }

    private (TextTokenizer Tokenizer, TextPairs Pairs) Pairs(int seed)
    {
        Dictionary<string, int> counts = corpus.WordCounts();
        TextTokenizer tokenizer = TextTokenizer.Parse(BpeTrainer.Train(counts, tiny.Pieces).ToJson(TextsModel.MaxTokens));
        return (tokenizer, new TextPairs(corpus, tokenizer, counts, tiny.Batch, seed));
    }

    /// <summary>Synsets and intents whose held-out ones alone hold words with "zq".</summary>
    private static TextsCorpus Corpus()
    {
        string[] nouns = ["animal", "card", "car", "boat", "house", "meal", "letter", "stone"], verbs = ["carry", "paint", "find", "sell"];
        List<Synset> synsets = [.. Enumerable.Range(0, 160).Select(i =>
        {
            string held = TextsCorpus.IsHeldOut(i) ? " zqword" : "", noun = nouns[i % nouns.Length], verb = verbs[i % verbs.Length];
            bool isNoun = i % 4 != 0;
            int wider = TextsCorpus.IsHeldOut(i / 2) ? 1 : i / 2;
            return new Synset($"{i}", isNoun ? 'n' : 'v', [isNoun ? noun : verb], $"a small {noun} that people {verb}{held}", [wider],
                [.. Enumerable.Range(0, 5).Select(e => $"we {verb} the {noun} on day {e}{held}")]);
        })];
        return new TextsCorpus(synsets, [.. Enumerable.Range(0, 12 * 6).Select(i =>
        {
            int intent = i % 12;
            return new LabelledText($"how do i {verbs[intent % 4]} my {nouns[intent % 8]} number {i}{(intent % 6 == 0 ? " zqword" : "")}", $"intent_{(char)('a' + intent)}");
        })]);
    }

    private sealed class Steps(Action<TrainingProgress> onStep) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public void Report(TrainingProgress value)
        {
            Seen.Add(value);
            onStep(value);
        }
    }
}
