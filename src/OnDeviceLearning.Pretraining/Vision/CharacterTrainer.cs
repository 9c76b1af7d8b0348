using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>
/// Trains the character encoder for both halves of its task at once: cosine softmax over all training classes
/// (arXiv 1804.09458), and one-shot episodes within the batch, in which each image of a class is its support in turn
/// (arXiv 1703.05175).
/// </summary>
internal sealed class CharacterTrainer : ITrainer
{
    private const double WeightDecay = 0.05, ClipNorm = 1.0, Smoothing = 0.1, AverageDecay = 0.998;
    private const double ClassScale = 20, EpisodeShare = 0.5;

    /// <summary>What cosines are multiplied with in one-shot episodes, here and wherever the backbone is used.</summary>
    public const int LogitScale = 16;

    private static readonly WarmUpCosine rate = new(Peak: 2.5e-3, WarmUpSteps: 200);

    private readonly TorchGraph image;
    private readonly Tensor classes; // [classes, D]
    private readonly AdamW optimizer;
    private readonly MovingAverage average;
    private readonly ScalarType precision;

    public CharacterTrainer(int classCount, int seed, ScalarType precision)
    {
        manual_seed(seed);
        this.precision = precision;
        image = new TorchGraph(CharacterModel.Image());
        classes = (randn(classCount, CharacterModel.EmbeddingWidth) * 0.06).requires_grad_().DetachFromDisposeScope();
        optimizer = new AdamW(Parameters, WeightDecay);
        average = new MovingAverage(Encoder, AverageDecay);
    }

    private IEnumerable<KeyValuePair<string, Tensor>> Encoder => image.Parameters.Select(p => new KeyValuePair<string, Tensor>("image." + p.Key, p.Value));

    /// <summary>The averaged encoder, which is what ships.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Averaged => average.Values;

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => Parameters.Concat(optimizer.State).Concat(average.State);

    /// <inheritdoc/>
    public long Step { get => optimizer.Steps; set => optimizer.Steps = value; }

    private IEnumerable<KeyValuePair<string, Tensor>> Parameters => Encoder.Append(new("classes", classes));

    /// <summary>One update; returns the loss and the one-shot accuracy within the batch.</summary>
    public (double Loss, double Accuracy) Update(CharacterBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        const int perClass = CharacterBatches.PerClass, side = CharacterModel.Side;
        int n = batch.Classes.Length, ways = n / perClass;
        Tensor images = tensor(batch.Images).view(n, 1, side, side);
        Tensor labels = tensor(batch.Classes).to(ScalarType.Int64);
        Tensor seen = image.Forward((images - CharacterModel.Mean) / CharacterModel.Deviation, training: true, precision: precision); // [N, D]

        Tensor logits = ClassScale * seen.matmul(F.normalize(classes, dim: 1).t()); // [N, classes]
        Tensor classification = F.cross_entropy(logits, labels, label_smoothing: Smoothing);

        // logits of query n against the supports of every way, for each choice k of the support
        Tensor episode = (LogitScale * seen.matmul(seen.t())).view(n, ways, perClass).permute(0, 2, 1); // [N, k, ways]
        Tensor way = arange(ways).repeat_interleave(perClass); // [N]
        Tensor isQuery = arange(perClass).unsqueeze(0).not_equal(arange(perClass).repeat(ways).unsqueeze(1)).to(ScalarType.Float32); // [N, k]
        Tensor right = F.log_softmax(episode, -1).gather(2, way.view(n, 1, 1).expand(n, perClass, 1)).squeeze(2); // [N, k]
        Tensor oneShot = -(right * isQuery).sum() / isQuery.sum();

        (classification + EpisodeShare * oneShot).backward();
        Tensor hits = episode.argmax(2).eq(way.unsqueeze(1)).to(ScalarType.Float32); // [N, k]
        double accuracy = ((hits * isQuery).sum() / isQuery.sum()).item<float>();
        double loss = classification.item<float>();
        optimizer.Step(rate.At(Step, totalSteps), ClipNorm);
        average.Update(Step);
        return (loss, accuracy);
    }
}
