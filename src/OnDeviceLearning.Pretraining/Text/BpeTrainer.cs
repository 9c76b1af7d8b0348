using System.Text.Json;

namespace OnDeviceLearning.Pretraining.Text;

/// <summary>
/// Learns a byte-pair vocabulary (Sennrich et al., arXiv 1508.07909) from word counts. Microsoft.ML.Tokenizers runs such a
/// vocabulary but trains none.
/// </summary>
public sealed class BpeTrainer
{
    /// <summary>Marks a piece that ends a word.</summary>
    public const string EndOfWord = "</w>";

    /// <summary>Stands for a character that never occurred.</summary>
    public const string Unknown = "<unk>";

    /// <summary>Opens a text where a tokenizer wants that.</summary>
    public const string Start = "<s>";

    /// <summary>Closes every text.</summary>
    public const string End = "</s>";

    private readonly List<string> pieces = [Unknown, Start, End];
    private readonly List<(string Left, string Right)> merges = [];

    /// <summary>The pieces, in the order of their ids.</summary>
    public IReadOnlyList<string> Pieces => pieces;

    /// <summary>Learns at most <paramref name="size"/> pieces.</summary>
    /// <param name="wordCounts">How often each lower-case word occurs.</param>
    /// <param name="size">Number of pieces, single characters and special ones included.</param>
    public static BpeTrainer Train(IReadOnlyDictionary<string, int> wordCounts, int size)
    {
        var trainer = new BpeTrainer();
        // Every printable ASCII character has a piece of its own, so that any English text can be spelt.
        foreach (char c in Enumerable.Range(33, 94).Select(i => (char)i).Where(c => !char.IsAsciiLetterUpper(c)))
        {
            trainer.pieces.Add(c.ToString());
            trainer.pieces.Add(c + EndOfWord);
        }
        var known = trainer.pieces.ToHashSet();
        var words = wordCounts.OrderBy(w => w.Key, StringComparer.Ordinal)
            .Select(w => (Pieces: Split(w.Key), Count: (double)w.Value))
            .Where(w => w.Pieces.All(known.Contains)).ToList();

        var changed = new HashSet<(string, string)>();
        // How often each pair stands side by side, where, and the pairs by that; a merge changes the few words that hold it.
        var counts = new Dictionary<(string, string), double>();
        var holders = new Dictionary<(string, string), HashSet<int>>();
        var queue = new PriorityQueue<(string, string), (double, string, string)>(mostFrequentFirst);
        for (int w = 0; w < words.Count; w++)
            for (int i = 1; i < words[w].Pieces.Count; i++)
                Count((words[w].Pieces[i - 1], words[w].Pieces[i]), words[w].Count, w);
        foreach ((string, string) pair in counts.Keys) Enqueue(pair);

        while (trainer.pieces.Count < size && queue.TryDequeue(out (string, string) pair, out (double Count, string, string) queued))
        {
            // An entry from before a merge changed the count; the pair's own count is queued as well.
            if (counts[pair] != queued.Count || queued.Count <= 0) continue;
            (string left, string right) = pair;
            trainer.merges.Add((left, right));
            if (known.Add(left + right)) trainer.pieces.Add(left + right);
            changed.Clear();
            foreach (int w in holders[pair].ToArray())
            {
                (List<string> word, double count) = words[w];
                for (int i = 1; i < word.Count; i++) Count((word[i - 1], word[i]), -count, w);
                for (int i = word.Count - 1; i > 0; i--)
                    if (word[i - 1] == left && word[i] == right)
                    {
                        word[i - 1] = left + right;
                        word.RemoveAt(i);
                    }
                for (int i = 1; i < word.Count; i++) Count((word[i - 1], word[i]), count, w);
            }
            foreach ((string, string) other in changed) Enqueue(other);
        }
        return trainer;

        void Count((string, string) pair, double count, int word)
        {
            counts[pair] = counts.GetValueOrDefault(pair) + count;
            changed.Add(pair);
            // Words that held it before stay listed: merging finds nothing in them.
            if (count <= 0) return;
            if (!holders.TryGetValue(pair, out HashSet<int>? list)) holders.Add(pair, list = []);
            list.Add(word);
        }

        void Enqueue((string Left, string Right) pair)
        {
            if (counts[pair] > 0) queue.Enqueue(pair, (counts[pair], pair.Left, pair.Right));
        }
    }

    private static readonly Comparer<(double Count, string Left, string Right)> mostFrequentFirst = Comparer<(double Count, string Left, string Right)>.Create((a, b) =>
        a.Count != b.Count ? b.Count.CompareTo(a.Count)
        : string.CompareOrdinal(a.Left, b.Left) is not 0 and int left ? left : string.CompareOrdinal(a.Right, b.Right));

    private static List<string> Split(string word)
    {
        List<string> result = word.Select(c => c.ToString()).ToList();
        result[^1] += EndOfWord;
        return result;
    }

    /// <summary>The vocabulary as a backbone file carries it under <c>odl.tokenizer</c>.</summary>
    public string ToJson(int maxTokens)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("kind", "bpe");
            json.WriteStartObject("vocab");
            for (int i = 0; i < pieces.Count; i++) json.WriteNumber(pieces[i], i);
            json.WriteEndObject();
            json.WriteStartArray("merges");
            foreach ((string left, string right) in merges) json.WriteStringValue($"{left} {right}");
            json.WriteEndArray();
            json.WriteString("unknown", Unknown);
            json.WriteNull("start");
            json.WriteString("end", End);
            json.WriteString("endOfWordSuffix", EndOfWord);
            json.WriteNumber("maxTokens", maxTokens);
            json.WriteBoolean("lowercase", true);
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
