using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>Trains both encoders with the symmetric cross-entropy of CLIP (arXiv 2103.00020); pictures of one name are one another's positives.</summary>
internal sealed class SketchTrainer : ITrainer
{
    private const double WeightDecay = 0.1, ClipNorm = 1.0, AverageDecay = 0.998;

    private static readonly WarmUpCosine rate = new(Peak: 2e-3, WarmUpSteps: 150);

    private readonly TorchGraph image, text;
    private readonly Tensor logScale;
    private readonly AdamW optimizer;
    private readonly MovingAverage average;
    private readonly ScalarType precision;

    public SketchTrainer(Graph imageGraph, Graph textGraph, int seed, ScalarType precision)
    {
        manual_seed(seed);
        this.precision = precision;
        image = new TorchGraph(imageGraph);
        text = new TorchGraph(textGraph);
        logScale = full(1, (float)Math.Log(14)).requires_grad_().DetachFromDisposeScope();
        optimizer = new AdamW(Parameters, WeightDecay);
        average = new MovingAverage(Encoders, AverageDecay);
    }

    /// <summary>The averaged encoders under their names in a backbone file.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Averaged => average.Values;

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => Parameters.Concat(optimizer.State).Concat(average.State);

    /// <inheritdoc/>
    public long Step { get => optimizer.Steps; set => optimizer.Steps = value; }

    /// <summary>The scale of cosine similarities, as learnt.</summary>
    public float LogitScale => (float)Math.Exp(Math.Clamp(logScale.item<float>(), 0, Math.Log(100)));

    private IEnumerable<KeyValuePair<string, Tensor>> Encoders =>
        image.Parameters.Select(p => new KeyValuePair<string, Tensor>("image." + p.Key, p.Value))
            .Concat(text.Parameters.Select(p => new KeyValuePair<string, Tensor>("text." + p.Key, p.Value)));

    private IEnumerable<KeyValuePair<string, Tensor>> Parameters => Encoders.Append(new("logScale", logScale));

    /// <summary>One update; returns the loss and the share of pictures that found a phrase of their own name.</summary>
    public (double Loss, double Accuracy) Update(PictureBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        const int side = SketchModel.Side;
        long n = batch.Lengths.Length;
        Tensor images = (tensor(batch.Images).view(n, 1, side, side) - SketchModel.Mean) / SketchModel.Deviation;
        Tensor seen = image.Forward(images, training: true, precision: precision); // [N, D]
        Tensor read = text.Forward(tensor(batch.Tokens).view(n, -1).to(ScalarType.Int64), tensor(batch.Lengths).to(ScalarType.Int64), training: true, precision: precision);
        Tensor logits = logScale.clamp(0, Math.Log(100)).exp() * seen.matmul(read.t()); // [N, N]
        Tensor targets = Positives(batch.Labels); // [N, N], rows sum to 1
        Tensor loss = -0.5 * ((targets * F.log_softmax(logits, 1)).sum(1).mean() + (targets.t() * F.log_softmax(logits, 0)).sum(0L).mean());
        loss.backward();
        double accuracy = targets.gather(1, logits.argmax(1, keepdim: true)).greater(0).to(ScalarType.Float32).mean().item<float>();
        double value = loss.item<float>();
        optimizer.Step(rate.At(Step, totalSteps), ClipNorm);
        average.Update(Step);
        return (value, accuracy);
    }

    private static Tensor Positives(string[] labels)
    {
        int n = labels.Length;
        var targets = new float[n * n];
        foreach (var same in Enumerable.Range(0, n).GroupBy(i => labels[i]))
        {
            int[] members = [.. same];
            foreach (int i in members)
                foreach (int j in members)
                    targets[i * n + j] = 1f / members.Length;
        }
        return tensor(targets).view(n, n);
    }
}
