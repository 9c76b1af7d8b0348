using System.Text.Json;
using Microsoft.ML.Tokenizers;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Text;

/// <summary>
/// Byte-pair encoding of descriptions (arXiv 1508.07909) with an end-of-word suffix, as a backbone's file describes it.
/// Safe to use from any thread.
/// </summary>
public sealed class TextTokenizer
{
    private readonly BpeTokenizer bpe;
    private readonly int start, end;
    private readonly bool lowercase;

    private TextTokenizer(BpeTokenizer bpe, int start, int end, int unknown, int maxTokens, int largestId, bool lowercase)
    {
        this.bpe = bpe;
        this.start = start;
        this.end = end;
        this.lowercase = lowercase;
        UnknownId = unknown;
        MaxTokens = maxTokens;
        LargestId = largestId;
    }

    /// <summary>Most tokens of one text, the start and end tokens included.</summary>
    public int MaxTokens { get; }

    /// <summary>The largest token id.</summary>
    public int LargestId { get; }

    /// <summary>The id of what the vocabulary cannot spell.</summary>
    public int UnknownId { get; }

    /// <summary>
    /// Reads <c>{"kind":"bpe","vocab":{piece:id},"merges":["a b"],"unknown":"..","start":"..","end":"..","endOfWordSuffix":"..","maxTokens":40,"lowercase":true}</c>;
    /// start and end may be null.
    /// </summary>
    /// <exception cref="ModelFormatException">Something is missing, of another kind, or does not fit together.</exception>
    public static TextTokenizer Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using MetadataJson document = MetadataJson.Parse("odl.tokenizer", json);
        string kind = document.String("kind");
        if (kind != "bpe") throw document.Error($"kind is '{kind}'; expected 'bpe'");
        int maxTokens = document.Int32("maxTokens", 1, 4096);
        string suffix = document.String("endOfWordSuffix");

        var vocabulary = new Dictionary<string, int>();
        int largest = -1;
        foreach (JsonProperty piece in document.Object("vocab"))
        {
            string name = document.Name(piece);
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out int id) || id < 0)
                throw document.Error($"vocab: the id of '{name}' is {piece.Value.GetRawText()}; expected a whole number of 0 or more");
            if (!vocabulary.TryAdd(name, id)) throw document.Error($"vocab: '{name}' occurs twice");
            largest = Math.Max(largest, id);
        }
        if (vocabulary.Count == 0) throw document.Error("vocab is empty");
        if (largest >= 1 << 20) throw document.Error($"vocab: the largest id is {largest}; at most {(1 << 20) - 1} is allowed");
        var taken = new bool[largest + 1];
        foreach ((string piece, int id) in vocabulary)
        {
            if (taken[id]) throw document.Error($"vocab: '{piece}' has the id {id} of another piece");
            taken[id] = true;
        }

        var merges = new List<string>();
        foreach (JsonElement element in document.Array("merges"))
        {
            string merge = element.ValueKind == JsonValueKind.String ? MetadataJson.Text(element) ?? "" : "";
            int space = merge.IndexOf(' ');
            if (space <= 0 || space == merge.Length - 1 || merge.IndexOf(' ', space + 1) >= 0)
                throw document.Error($"merge {merges.Count} is '{merge}'; expected two pieces with a space between");
            string left = merge[..space], right = merge[(space + 1)..];
            foreach (string piece in (ReadOnlySpan<string>)[left, right, left + right])
                if (!vocabulary.ContainsKey(piece)) throw document.Error($"merge {merges.Count}, '{merge}', needs the piece '{piece}', which vocab has not");
            merges.Add(merge);
        }

        int Special(string key, string? piece) =>
            piece is null ? -1 : vocabulary.TryGetValue(piece, out int id) ? id : throw document.Error($"{key} is '{piece}', which vocab has not");
        string unknownPiece = document.String("unknown");
        int unknown = Special("unknown", unknownPiece), start = Special("start", document.StringOrNull("start")), end = Special("end", document.StringOrNull("end"));
        if (maxTokens < 1 + (start < 0 ? 0 : 1) + (end < 0 ? 0 : 1)) throw document.Error($"maxTokens is {maxTokens}: no room for a word");

        BpeTokenizer bpe;
        try
        {
            bpe = BpeTokenizer.Create(new BpeOptions(vocabulary)
            {
                Merges = merges,
                UnknownToken = unknownPiece,
                FuseUnknownTokens = true,
                EndOfWordSuffix = suffix,
                PreTokenizer = new WordPreTokenizer(),
            });
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw document.Error($"vocab and merges make no tokenizer: {e.Message}");
        }
        return new TextTokenizer(bpe, start, end, unknown, maxTokens, largest, document.Boolean("lowercase"));
    }

    /// <summary>The token ids of a text, start and end tokens included.</summary>
    /// <param name="text">Any text; it is normalised first (Unicode NFKC, white space, lower case if the tokenizer asks for it).</param>
    /// <exception cref="ArgumentException">The text has no word at all.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return EncodeNormalized(Normalize(text), out _);
    }

    /// <summary>The text of token ids, words separated by spaces; start and end tokens are left out.</summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var inner = new List<int>(ids.Length);
        foreach (int id in ids)
            if (id != start && id != end) inner.Add(id);
        return (bpe.Decode(inner) ?? "").TrimEnd();
    }

    /// <summary>
    /// Normalises a text and cuts it into words, numbers, punctuation marks and symbols, as <see cref="Encode"/> does before
    /// it looks for pieces: what a vocabulary is trained on and what the word list of a backbone counts.
    /// </summary>
    public static string[] Split(string text, bool lowercase = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        string normalized = DescriptionText.Normalize(text, lowercase);
        List<Segment> segments = DescriptionText.Split(normalized);
        string[] words = new string[segments.Count];
        for (int i = 0; i < words.Length; i++) words[i] = normalized.Substring(segments[i].Start, segments[i].Length);
        return words;
    }

    internal string Normalize(string text) => DescriptionText.Normalize(text, lowercase);

    /// <param name="text">A normalised text.</param>
    /// <param name="encodedLength">How many characters of the text the tokens stand for; less than all where <see cref="MaxTokens"/> cut it.</param>
    internal int[] EncodeNormalized(string text, out int encodedLength)
    {
        IReadOnlyList<int> ids = bpe.EncodeToIds(text, considerNormalization: false);
        if (ids.Count == 0) throw new ArgumentException("Encode: the text has no word at all.", nameof(text));
        int prefix = start < 0 ? 0 : 1, suffix = end < 0 ? 0 : 1;
        int count = Math.Min(ids.Count, MaxTokens - prefix - suffix);
        encodedLength = text.Length;
        if (count < ids.Count)
        {
            IReadOnlyList<EncodedToken> tokens = bpe.EncodeToTokens(text, out _, considerNormalization: false);
            encodedLength = tokens[count].Offset.Start.Value;
        }
        int[] result = new int[prefix + count + suffix];
        if (prefix == 1) result[0] = start;
        for (int i = 0; i < count; i++) result[prefix + i] = ids[i];
        if (suffix == 1) result[^1] = end;
        return result;
    }

    /// <summary>Written out rather than a regular expression: building one costs more than everything else at start-up.</summary>
    private sealed class WordPreTokenizer : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
        {
            List<Segment> segments = DescriptionText.Split(text);
            var ranges = new (int, int)[segments.Count];
            for (int i = 0; i < ranges.Length; i++) ranges[i] = (segments[i].Start, segments[i].Length);
            return ranges;
        }
    }
}
