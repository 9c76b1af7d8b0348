using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// Where the table of piece vectors starts: what a piece stands beside (<see cref="WordVectors"/>), plus a random direction
/// made of its spelling, so that the same rare word stays near itself whatever else is learnt; longer for rarer pieces.
/// </summary>
internal static class PieceVectors
{
    private const double CompanyScale = 2, SpellingShare = 0.6, FamiliarShare = 1e-3;
    private const int CompanyWidth = 200, ShortestGram = 3, LongestGram = 5;

    /// <returns>[pieces, <see cref="TextsModel.Width"/>]</returns>
    public static float[] Start(TextsCorpus corpus, TextTokenizer tokenizer, IReadOnlyDictionary<string, int> pieces, int seed)
    {
        const int width = TextsModel.Width;
        int count = tokenizer.LargestId + 1;
        // The closing token stands in every text and beside everything.
        List<int[]> documents = [.. corpus.Documents().Select(text => tokenizer.Encode(text)[..^1]).Where(d => d.Length > 1)];
        int companyWidth = Math.Min(CompanyWidth, count);
        float[] company = WordVectors.Learn(documents, count, companyWidth, 0.25, seed);
        var mean = new float[companyWidth];
        for (int i = 0; i < count; i++) TensorPrimitives.MultiplyAdd(company.AsSpan(i * companyWidth, companyWidth), 1f / count, mean, mean);
        var occurrences = new double[count];
        foreach (int[] document in documents)
            foreach (int id in document) occurrences[id]++;
        double all = Math.Max(1, occurrences.Sum());

        var table = new float[count * width];
        foreach ((string piece, int id) in pieces)
        {
            Span<float> row = table.AsSpan(id * width, width), beside = company.AsSpan(id * companyWidth, companyWidth);
            AddSpelling(piece, seed, row);
            if (TensorPrimitives.Norm<float>(beside) > 1e-9f)
            {
                TensorPrimitives.Subtract(beside, mean, beside);
                TensorPrimitives.MultiplyAdd(beside, (float)(CompanyScale / Math.Max(1e-9f, TensorPrimitives.Norm<float>(beside))), row[..companyWidth], row[..companyWidth]);
            }
            // Smooth inverse frequency (Arora et al., ICLR 2017).
            TensorPrimitives.Multiply(row, (float)(FamiliarShare / (FamiliarShare + occurrences[id] / all)), row);
        }
        return table;
    }

    private static void AddSpelling(string piece, int seed, Span<float> row)
    {
        bool ends = piece.EndsWith(BpeTrainer.EndOfWord, StringComparison.Ordinal);
        string marked = "<" + (ends ? piece[..^BpeTrainer.EndOfWord.Length] + ">" : piece);
        var grams = new List<string>();
        for (int n = ShortestGram; n <= LongestGram; n++)
            for (int i = 0; i + n <= marked.Length; i++) grams.Add(marked.Substring(i, n));
        AddDirection("w" + piece, seed, grams.Count == 0 ? 1 : Math.Sqrt(1 - SpellingShare), row);
        foreach (string gram in grams) AddDirection("g" + gram, seed, Math.Sqrt(SpellingShare / grams.Count), row);
    }

    /// <summary>Adds a vector of random signs that depends on a name alone (FNV-1a, SplitMix64).</summary>
    private static void AddDirection(string name, int seed, double length, Span<float> row)
    {
        ulong state = 14695981039346656037 ^ (uint)seed;
        foreach (char c in name) state = (state ^ c) * 1099511628211;
        float entry = (float)(length / Math.Sqrt(row.Length));
        ulong bits = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (i % 64 == 0)
            {
                bits = state += 0x9E3779B97F4A7C15;
                bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
                bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
                bits ^= bits >> 31;
            }
            row[i] += (bits >> (i % 64) & 1) == 0 ? entry : -entry;
        }
    }
}
