using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// A text's words as counts in a few hundred buckets, rare words counting more (smooth inverse frequency, Arora et al.,
/// ICLR 2017): two texts are near by the words they have in common, whatever these mean. Forms of one word share a bucket.
/// Words are dealt out by what they contribute, the most important first, so that two important ones never meet, as they
/// would by hashing (Weinberger et al., arXiv 0902.2206).
/// <para>
/// A table of [pieces, buckets] would be many times as large as the rest of the backbone. So a piece has a code, and a
/// linear layer with a ReLU turns it into its weight at its own bucket and exact zeros elsewhere: the code is w at the
/// bits of the bucket's number that are set, -w at the others, and w once more. Row b of the layer is half the signs of
/// b's bits, and (2 - bits) / 2 at last: its product with the code of bucket c is w (1 - differing bits), which is w
/// where b is c and at most 0 everywhere else.
/// </para>
/// </summary>
internal sealed class WordBuckets
{
    /// <summary>Number of buckets.</summary>
    public const int Count = 1 << Bits;

    /// <summary>Values of a code.</summary>
    public const int CodeWidth = Bits + 1;

    private const int Bits = 9;
    private const double FamiliarShare = 1e-3;

    /// <param name="pieces">The ids of the pieces.</param>
    /// <param name="tokenizer">Cuts words into them.</param>
    /// <param name="wordCounts">How often each word occurs.</param>
    public WordBuckets(IReadOnlyDictionary<string, int> pieces, TextTokenizer tokenizer, IReadOnlyDictionary<string, int> wordCounts)
    {
        var occurrences = new double[tokenizer.LargestId + 1];
        foreach ((string word, int count) in wordCounts)
            foreach (int id in tokenizer.Encode(word)[..^1]) occurrences[id] += count;
        double all = Math.Max(1, occurrences.Sum());
        var stems = pieces.Where(p => IsWord(p.Key)).GroupBy(p => Stem(p.Key), p => p.Value)
            .Select(g => (Ids: g.ToArray(), Share: g.Sum(id => occurrences[id]) / all, Name: g.Key))
            .Select(s => (s.Ids, s.Share, s.Name, Weight: FamiliarShare / (FamiliarShare + s.Share)))
            .OrderByDescending(s => s.Share * s.Weight * s.Weight).ThenBy(s => s.Name, StringComparer.Ordinal).ToArray();

        Codes = new float[occurrences.Length * CodeWidth];
        for (int rank = 0; rank < stems.Length; rank++)
            foreach (int id in stems[rank].Ids)
                for (int k = 0; k < CodeWidth; k++)
                    Codes[id * CodeWidth + k] = (float)stems[rank].Weight * (k == Bits ? 1 : Sign(rank % Count, k));
        Expansion = new float[Count * CodeWidth];
        for (int b = 0; b < Count; b++)
            for (int k = 0; k < CodeWidth; k++)
                Expansion[b * CodeWidth + k] = k == Bits ? (2 - Bits) / 2f : Sign(b, k) / 2f;
    }

    /// <summary>[pieces, <see cref="CodeWidth"/>]; zeros for what is no word or part of one.</summary>
    public float[] Codes { get; }

    /// <summary>[<see cref="Count"/>, <see cref="CodeWidth"/>]</summary>
    public float[] Expansion { get; }

    private static int Sign(int bucket, int bit) => (bucket >> bit & 1) == 1 ? 1 : -1;

    private static bool IsWord(string piece) =>
        piece is not (BpeTrainer.Unknown or BpeTrainer.Start or BpeTrainer.End) && char.IsLetterOrDigit(piece[0]);

    private static string Stem(string piece) => piece.EndsWith(BpeTrainer.EndOfWord, StringComparison.Ordinal)
        ? WordStem.Of(piece[..^BpeTrainer.EndOfWord.Length]) + BpeTrainer.EndOfWord : piece;
}
