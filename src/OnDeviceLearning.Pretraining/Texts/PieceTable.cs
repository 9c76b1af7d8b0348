using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// A table of piece vectors under training: <see cref="TextsModel.Text"/> for whole batches, without the padding, which is
/// nine tenths of a batch as the graph reads it.
/// </summary>
internal sealed class PieceTable
{
    /// <summary>The least length that a text is divided by.</summary>
    public const float Epsilon = 1e-6f;

    private const int WarmUpSteps = 50;

    private readonly RowAdam rows;
    private readonly double peakRate;

    /// <param name="start">[pieces, width]</param>
    /// <param name="width">Values of a vector.</param>
    /// <param name="rate">The highest learning rate, in units of the table's own entries, whatever their size.</param>
    public PieceTable(float[] start, int width, double rate)
    {
        Weight = new Parameter(tensor(start).view(-1, width).DetachFromDisposeScope());
        Weight.DetachFromDisposeScope();
        rows = new RowAdam(Weight);
        peakRate = rate * Math.Sqrt(start.Sum(v => (double)v * v) / start.Length);
    }

    /// <summary>[pieces, width]</summary>
    public Parameter Weight { get; }

    /// <summary>The table and the moments of its optimizer.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => rows.State.Prepend(new("tokens.weight", Weight));

    /// <summary>The embeddings of a batch: [2 * pairs, width], the first texts, then the second ones.</summary>
    public Tensor Embed(TextBatch batch)
    {
        int texts = batch.Lengths.Length, length = batch.Tokens.Length / texts;
        var tokens = new List<long>();
        var owners = new List<long>();
        for (int i = 0; i < texts; i++)
            for (int k = 0; k < batch.Lengths[i]; k++)
            {
                tokens.Add(batch.Tokens[i * length + k]);
                owners.Add(i);
            }
        Tensor pieces = Weight.index_select(0, tensor(tokens.ToArray())); // [T, D]
        Tensor sums = zeros(texts, Weight.shape[1]).index_add(0, tensor(owners.ToArray()), pieces, 1);
        return F.normalize(sums / tensor(batch.Lengths).to(ScalarType.Float32).unsqueeze(1), dim: 1, eps: Epsilon);
    }

    /// <summary>The cosines of the first texts, rows, to the second ones: [pairs, pairs].</summary>
    public Tensor Cosines(TextBatch batch)
    {
        Tensor embedded = Embed(batch);
        return embedded.slice(0, 0, batch.Pairs, 1).matmul(embedded.slice(0, batch.Pairs, 2 * batch.Pairs, 1).t());
    }

    /// <summary>Moves the rows of a batch's pieces by their gradients; the rate falls by a cosine towards the last step.</summary>
    public void Update(TextBatch batch, long step, long totalSteps) =>
        rows.Step(tensor(batch.Tokens.Distinct().Select(t => (long)t).ToArray()), Rate(step, totalSteps));

    private double Rate(long step, long total)
    {
        if (step < WarmUpSteps) return peakRate * (step + 1) / WarmUpSteps;
        double done = Math.Min(1, (step - WarmUpSteps) / Math.Max(1.0, total - WarmUpSteps));
        return peakRate * (0.01 + 0.99 * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }
}
