using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Pretraining.Vision;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>
/// Trains the two encoders on pairs of drawing and description: the symmetric cross-entropy of CLIP (arXiv 2103.00020)
/// over batches in which groups of up to 16 differ by one thing, plus the facts of <see cref="CompositionAttributes"/>, plus
/// <see cref="SupervisedContrast"/> among the drawings of one composition and among people's drawings of one character.
/// </summary>
internal sealed class SigilsTrainer : ITrainer
{
    private const double PeakRate = 2e-3, WeightDecay = 0.05, ClipNorm = 1.0;
    private const double FactsShare = 0.1, SameSigilShare = 0.25, SameCharacterShare = 0.75, AverageDecay = 0.998;
    private const int WarmUpSteps = 300;

    private readonly TorchGraph image;
    private readonly TorchGraph text;
    private readonly Dictionary<string, Tensor> heads;
    private readonly AdamW optimizer;
    private readonly MovingAverage average;
    private readonly ScalarType precision;
    private readonly double peakRate;

    /// <param name="continues">Whether the weights come from a finished run: the learning rate is half as high then.</param>
    public SigilsTrainer(Graph imageGraph, Graph textGraph, int seed, ScalarType precision, bool continues = false)
    {
        peakRate = continues ? PeakRate / 2 : PeakRate;
        manual_seed(seed);
        this.precision = precision;
        image = new TorchGraph(imageGraph);
        text = new TorchGraph(textGraph);
        heads = new Dictionary<string, Tensor>
        {
            ["logScale"] = full(1, (float)Math.Log(14)).requires_grad_().DetachFromDisposeScope(),
            ["facts.weight"] = (randn(CompositionAttributes.Count, SigilsModel.EmbeddingWidth) * 0.02).requires_grad_().DetachFromDisposeScope(),
            ["facts.bias"] = full(CompositionAttributes.Count, -4f).requires_grad_().DetachFromDisposeScope(),
        };
        optimizer = new AdamW(Parameters, WeightDecay);
        average = new MovingAverage(Encoders, AverageDecay);
    }

    /// <summary>Every tensor of both encoders under the name it has in a backbone file.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Encoders =>
        image.Parameters.Select(p => new KeyValuePair<string, Tensor>("image." + p.Key, p.Value))
            .Concat(text.Parameters.Select(p => new KeyValuePair<string, Tensor>("text." + p.Key, p.Value)));

    /// <summary>The averaged encoders, which are what ships, under the same names.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Averaged => average.Values;

    /// <summary>The encoders' tensors and the training heads.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Parameters => Encoders.Concat(heads);

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => Parameters.Concat(optimizer.State).Concat(average.State);

    /// <inheritdoc/>
    public long Step { get => optimizer.Steps; set => optimizer.Steps = value; }

    /// <summary>The scale of cosine similarities, as learnt.</summary>
    public float LogitScale
    {
        get => (float)Math.Exp(Math.Clamp(heads["logScale"].item<float>(), 0, Math.Log(100)));
        set
        {
            using var _ = no_grad();
            heads["logScale"].fill_(Math.Log(value));
        }
    }

    /// <summary>One update; returns the contrastive loss and the share of drawings that found their own description.</summary>
    public (double Loss, double Accuracy) Update(SigilBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        long n = batch.Lengths.Length, hands = batch.Hands?.Classes.Length ?? 0;
        Tensor images = tensor(batch.Images).view(n, 1, SigilsModel.ImageSize, SigilsModel.ImageSize);
        // Together, so that batch normalisation takes sigils and characters for one kind of drawing.
        if (batch.Hands is { } others) images = cat([images, tensor(others.Images).view(hands, 1, SigilsModel.ImageSize, SigilsModel.ImageSize)]);
        Tensor tokens = tensor(batch.Tokens).view(n, -1).to(ScalarType.Int64);
        Tensor lengths = tensor(batch.Lengths).to(ScalarType.Int64);
        Tensor facts = tensor(batch.Facts).view(n, -1);

        Tensor looked = image.Forward((images - SigilsModel.Mean) / SigilsModel.Deviation, training: true, precision: precision); // [N + hands, D]
        Tensor seen = looked.slice(0, 0, n, 1); // [N, D]
        Tensor read = text.Forward(tokens, lengths, training: true, precision: precision); // [N, D]
        Tensor logits = heads["logScale"].clamp(0, Math.Log(100)).exp() * seen.matmul(read.t()); // [N, N]
        Tensor targets = Positives(batch.Compositions); // [N, N], rows sum to 1
        Tensor contrastive = -0.5 * ((targets * F.log_softmax(logits, 1)).sum(1).mean() + (targets.t() * F.log_softmax(logits, 0)).sum(0L).mean());
        // Embeddings are unit vectors; the factor gives the facts' logits their range.
        Tensor asked = 16 * F.linear(cat([seen, read]), heads["facts.weight"]) + heads["facts.bias"]; // [2N, facts]
        Tensor told = F.binary_cross_entropy_with_logits(asked, cat([facts, facts]), reduction: nn.Reduction.Sum) / (2 * n);
        Tensor total = contrastive + FactsShare * told + SameSigilShare * SupervisedContrast.Loss(seen, Numbered(batch.Compositions));
        if (batch.Hands is not null) total += SameCharacterShare * SupervisedContrast.Loss(looked.slice(0, n, n + hands, 1), batch.Hands.Classes);
        total.backward();
        double accuracy = targets.gather(1, logits.argmax(1, keepdim: true)).greater(0).to(ScalarType.Float32).mean().item<float>();
        double loss = contrastive.item<float>();
        optimizer.Step(Rate(Step, totalSteps), ClipNorm);
        average.Update(Step);
        return (loss, accuracy);
    }

    private double Rate(long step, long total)
    {
        if (step < WarmUpSteps) return peakRate * (step + 1) / WarmUpSteps;
        double done = Math.Min(1, (step - WarmUpSteps) / Math.Max(1.0, total - WarmUpSteps));
        return peakRate * (0.01 + 0.99 * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }

    /// <summary>Equal texts get equal numbers.</summary>
    private static int[] Numbered(string[] texts)
    {
        var numbers = new Dictionary<string, int>();
        return [.. texts.Select(text => numbers.TryGetValue(text, out int number) ? number : numbers[text] = numbers.Count)];
    }

    private static Tensor Positives(string[] compositions)
    {
        int n = compositions.Length;
        var targets = new float[n * n];
        foreach (var same in Enumerable.Range(0, n).GroupBy(i => compositions[i]))
        {
            int[] members = [.. same];
            foreach (int i in members)
                foreach (int j in members)
                    targets[i * n + j] = 1f / members.Length;
        }
        return tensor(targets).view(n, n);
    }
}
