using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>Trains the text encoder on pairs: the symmetric cross-entropy of CLIP (arXiv 2103.00020), every pair of a group counting as right.</summary>
internal sealed class TextsTrainer : ITrainer
{
    private const double Scale = 20, ProjectionRate = 0.1, ClipNorm = 1;
    private const int WarmUpSteps = 50;

    private readonly TorchGraph text;
    private readonly RowAdam rows;
    private readonly AdamW projection;
    private readonly double peakRate;

    /// <param name="table">[pieces, <see cref="TextsModel.Width"/>], where the piece vectors start.</param>
    /// <param name="continues">Whether the weights come from a finished run: the learning rate is half as high then.</param>
    public TextsTrainer(float[] table, int seed, bool continues = false)
    {
        manual_seed(seed);
        const int width = TextsModel.Width;
        text = new TorchGraph(TextsModel.Text(table.Length / width));
        using (no_grad())
        {
            text.Parameters["tokens.weight"].copy_(tensor(table).view(-1, width));
            text.Parameters["projection.weight"].copy_(eye(width));
        }
        // In units of the table's own entries, whatever their size.
        double typical = Math.Sqrt(table.Sum(v => (double)v * v) / table.Length);
        peakRate = (continues ? 0.02 : 0.04) * typical;
        rows = new RowAdam(text.Parameters["tokens.weight"]);
        projection = new AdamW(text.Parameters.Where(p => p.Key.StartsWith("projection", StringComparison.Ordinal)), 0);
    }

    /// <summary>The encoder's tensors under the names they have in a backbone file.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Encoder => text.Parameters.Select(p => new KeyValuePair<string, Tensor>("text." + p.Key, p.Value));

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => Encoder.Concat(rows.State).Concat(projection.State);

    /// <inheritdoc/>
    public long Step { get => projection.Steps; set => projection.Steps = value; }

    /// <summary>One update; returns the loss and the share of texts that found one of their own group.</summary>
    public (double Loss, double Accuracy) Update(TextBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        long n = batch.Pairs;
        Tensor tokens = tensor(batch.Tokens).view(2 * n, -1).to(ScalarType.Int64);
        Tensor embedded = text.Forward(tokens, tensor(batch.Lengths).to(ScalarType.Int64), training: true); // [2N, D]
        Tensor logits = Scale * embedded.slice(0, 0, n, 1).matmul(embedded.slice(0, n, 2 * n, 1).t()); // [N, N]
        Tensor groups = tensor(batch.Groups);
        Tensor together = groups.unsqueeze(0).eq(groups.unsqueeze(1)).to(ScalarType.Float32);
        Tensor targets = together / together.sum(1, keepdim: true); // rows and, by symmetry, columns sum to 1
        Tensor loss = -0.5 * ((targets * F.log_softmax(logits, 1)).sum(1).mean() + (targets * F.log_softmax(logits, 0)).sum(0L).mean());
        loss.backward();
        double accuracy = together.gather(1, logits.argmax(1, keepdim: true)).mean().item<float>();
        double value = loss.item<float>(), rate = Rate(Step, totalSteps);
        rows.Step(tensor(batch.Tokens.Distinct().Select(t => (long)t).ToArray()), rate);
        projection.Step(ProjectionRate * rate, ClipNorm);
        return (value, accuracy);
    }

    private double Rate(long step, long total)
    {
        if (step < WarmUpSteps) return peakRate * (step + 1) / WarmUpSteps;
        double done = Math.Min(1, (step - WarmUpSteps) / Math.Max(1.0, total - WarmUpSteps));
        return peakRate * (0.01 + 0.99 * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }
}
