using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>How a classifier is trained.</summary>
/// <param name="Rate">Learning rates.</param>
/// <param name="WeightDecay">Of matrices and kernels.</param>
/// <param name="Smoothing">Label smoothing.</param>
internal sealed record ClassifierTraining(WarmUpCosine Rate, double WeightDecay, double Smoothing);

/// <summary>Trains a network with cross-entropy and SGD with momentum 0.9.</summary>
internal sealed class ClassifierTrainer : ITrainer
{
    private readonly TorchGraph network;
    private readonly SgdMomentum optimizer;
    private readonly ClassifierTraining training;
    private readonly ScalarType precision;
    private readonly Tensor mean, deviation; // [1, C, 1, 1]
    private readonly int height, width;

    public ClassifierTrainer(ClassifierModel model, int classes, float[] mean, float[] deviation, int seed, ClassifierTraining training, ScalarType precision)
    {
        manual_seed(seed);
        this.training = training;
        this.precision = precision;
        network = new TorchGraph(model.Logits(classes));
        (height, width) = (model.Trunk.Input.Shape[1], model.Trunk.Input.Shape[2]);
        this.mean = tensor(mean).view(1, -1, 1, 1).DetachFromDisposeScope();
        this.deviation = tensor(deviation).view(1, -1, 1, 1).DetachFromDisposeScope();
        optimizer = new SgdMomentum(network.Parameters, training.WeightDecay);
    }

    /// <summary>The trunk's tensors as <c>image.NAME</c>, the head's as <c>head.weight</c> and <c>head.bias</c>.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors => network.Parameters.Select(p =>
        new KeyValuePair<string, Tensor>(p.Key.StartsWith(ClassifierModel.Head + ".", StringComparison.Ordinal) ? p.Key : "image." + p.Key, p.Value));

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => network.Parameters.Concat(optimizer.State);

    /// <inheritdoc/>
    public long Step { get => optimizer.Steps; set => optimizer.Steps = value; }

    /// <summary>One update; returns the loss and the accuracy on the batch.</summary>
    public (double Loss, double Accuracy) Update(ImageBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        Tensor labels = tensor(batch.Classes).to(ScalarType.Int64);
        Tensor logits = network.Forward(Input(batch.Images, batch.Classes.Length), training: true, precision: precision); // [N, classes]
        Tensor loss = F.cross_entropy(logits, labels, label_smoothing: training.Smoothing);
        loss.backward();
        optimizer.Step(training.Rate.At(Step, totalSteps));
        return (loss.item<float>(), logits.argmax(1).eq(labels).to(ScalarType.Float32).mean().item<float>());
    }

    /// <summary>The share of images that are classified right.</summary>
    public double Accuracy(OnDeviceLearning.Datasets.LabelledImages images)
    {
        const int atOnce = 200;
        using IDisposable untracked = no_grad();
        int hits = 0;
        for (int first = 0; first < images.Count; first += atOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            int count = Math.Min(atOnce, images.Count - first);
            var pixels = new float[count * images.Size];
            for (int i = 0; i < count; i++) images.CopyTo(first + i, pixels.AsSpan(i * images.Size, images.Size));
            long[] read = network.Forward(Input(pixels, count), precision: precision).argmax(1).data<long>().ToArray();
            for (int i = 0; i < count; i++) hits += read[i] == images.Labels[first + i] ? 1 : 0;
        }
        return (double)hits / images.Count;
    }

    private Tensor Input(float[] pixels, int count) => (tensor(pixels).view(count, -1, height, width) - mean) / deviation;
}
