using OnDeviceLearning.Text;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// How alike texts are by the words they have in common, whatever they mean: the cosine of their stems' counts, rare
/// stems counting more (smooth inverse frequency, Arora et al., ICLR 2017).
/// </summary>
internal sealed class CommonWords
{
    private const double FamiliarShare = 2e-3;

    private readonly TextTokenizer tokenizer;
    private readonly Dictionary<string, double> weights;

    /// <param name="wordCounts">How often each word occurs. A stem of none of them does not count: half a word that was left out is no word.</param>
    /// <param name="tokenizer">Made the texts' tokens.</param>
    public CommonWords(IReadOnlyDictionary<string, int> wordCounts, TextTokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        Dictionary<string, double> counts = wordCounts.Where(w => IsWord(w.Key)).GroupBy(w => WordStem.Of(w.Key)).ToDictionary(g => g.Key, g => g.Sum(w => (double)w.Value));
        double all = counts.Values.Sum();
        weights = counts.ToDictionary(c => c.Key, c => FamiliarShare / (FamiliarShare + c.Value / all));
    }

    /// <summary>The cosines of the first texts, rows, to the second ones: [pairs, pairs]; 0 where a text has no known word.</summary>
    public Tensor Cosines(TextBatch batch)
    {
        int texts = batch.Lengths.Length, length = batch.Tokens.Length / texts;
        string[][] stems = [.. Enumerable.Range(0, texts).Select(i => Stems(tokenizer.Decode(batch.Tokens.AsSpan(i * length, batch.Lengths[i]))))];
        var columns = new Dictionary<string, int>();
        foreach (string stem in stems.SelectMany(s => s)) columns.TryAdd(stem, columns.Count);
        if (columns.Count == 0) return zeros(batch.Pairs, batch.Pairs);
        var values = new float[texts * columns.Count];
        for (int i = 0; i < texts; i++)
            foreach (string stem in stems[i]) values[i * columns.Count + columns[stem]] += (float)weights[stem];
        Tensor rows = F.normalize(tensor(values).view(texts, columns.Count), dim: 1);
        return rows.slice(0, 0, batch.Pairs, 1).matmul(rows.slice(0, batch.Pairs, texts, 1).t());
    }

    private string[] Stems(string text) => [.. TextTokenizer.Split(text).Where(IsWord).Select(WordStem.Of).Where(weights.ContainsKey)];

    private static bool IsWord(string word) => char.IsLetterOrDigit(word[0]);
}
