using System.Numerics.Tensors;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning;

/// <summary>
/// Classifies what players make (drawings, images, texts, plain features) by descriptions in the player's words, from the
/// first one on, and learns from corrections within a frame budget.
/// </summary>
/// <remarks>
/// <para>Class weights start at the embeddings of the descriptions (zero-shot, as CLIP, arXiv 2103.00020) and are pulled
/// back to them while examples teach them away (CLAP, arXiv 2312.12730). How far the published weights go from the
/// descriptions is guarded by the player's own examples: each is judged by weights learnt without it. With no example the
/// answer is the zero-shot answer, bit for bit.</para>
/// <para>What is learnt depends on the classes, their descriptions, the examples in the order they were taught, and the
/// seed; never on budgets, threads or time.</para>
/// <para>Threads: a classifier belongs to one thread at a time; a call while another thread's is under way throws an
/// <see cref="InvalidOperationException"/> and changes nothing. To save beside the game, <see cref="Save(Stream)"/> on the
/// thread that teaches and write what the stream holds on another. The classifier's background thread is its own affair and
/// never calls back. Classifiers on different threads may share a backbone, which embeds for
/// one after the other.</para>
/// <para>Lifetime: disposing the classifier ends its thread and leaves the backbone alone, which must outlive it.</para>
/// <para><see cref="Classify(ClassifierInput)"/>, <see cref="Adapt"/> and what they return allocate nothing in steady state, but
/// for <see cref="Adapt"/> while the encoder is tuned (<see cref="AdaptiveClassifierOptions.Encoder"/>).</para>
/// </remarks>
public sealed partial class AdaptiveClassifier : IDisposable
{
    /// <summary>The most characters of a description.</summary>
    public const int MaxDescriptionLength = 2_000;

    /// <summary>The most characters of a class name.</summary>
    public const int MaxNameLength = 200;

    /// <summary>The most classes.</summary>
    public const int MaxClasses = 16_384;

    /// <summary>The most descriptions of one class.</summary>
    public const int MaxDescriptions = 64;

    private readonly IEmbedder embedder;
    private readonly AdaptiveClassifierOptions options;
    private readonly List<ClassEntry> classes = [];
    private readonly List<string> names = [];       // in the order of classes
    private readonly Dictionary<string, int> looks = []; // what players see of them, and how often
    private readonly System.Collections.ObjectModel.ReadOnlyCollection<string> readOnlyNames, readOnlyChanged;
    private readonly ExampleStore examples;
    private readonly float[] embedding;             // [D] of the input being classified
    private float[] head = [];                      // [C, D] published weights, unit rows
    private bool[] hasWeight = [];                  // [C]
    private float[] probabilities = [];             // [C] of the last prediction
    private int predictionVersion;
    private string? inside;                         // the call under way
    private bool disposed;

    /// <summary>A classifier without classes.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public AdaptiveClassifier(Backbone backbone, AdaptiveClassifierOptions? options = null)
        : this(new BackboneEmbedder(backbone ?? throw new ArgumentNullException(nameof(backbone))), options)
    {
    }

    internal AdaptiveClassifier(IEmbedder embedder, AdaptiveClassifierOptions? options = null)
    {
        this.embedder = embedder;
        this.options = options ?? new AdaptiveClassifierOptions();
        this.options.Validate();
        readOnlyNames = names.AsReadOnly();
        readOnlyChanged = changed.AsReadOnly();
        examples = new ExampleStore(this.options.MaxExamples, this.options.Seed);
        embedding = new float[embedder.Width];
        trainer = new HeadTrainer(this.options.Training);
        bool background = this.options.Worker == AdaptationWorker.Own
            || this.options.Worker == AdaptationWorker.Auto && Environment.ProcessorCount > 1;
        runner = new HeadRunner(trainer, this.options.Clock, background);
        inBackground = background;
        CheckTuning();
    }

    /// <summary>The classes' names, in the order in which they were added.</summary>
    public IReadOnlyList<string> Classes => readOnlyNames;

    /// <summary>Number of examples kept.</summary>
    public int ExampleCount => examples.Count;

    /// <summary>Number of examples kept of one class.</summary>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public int ExamplesOf(string name)
    {
        using Turn turn = Enter("ExamplesOf");
        return classes[IndexOf("ExamplesOf", name)].Examples;
    }

    /// <summary>The descriptions of one class, as they were written; none for a class added by name alone.</summary>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public IReadOnlyList<string> DescriptionsOf(string name)
    {
        using Turn turn = Enter("DescriptionsOf");
        return [.. classes[IndexOf("DescriptionsOf", name)].Descriptions.Select(description => description.Text)];
    }

    /// <summary>Classifies what a player made: a drawing, an image, a text or a feature vector, whichever the backbone reads.</summary>
    /// <returns>The likeliest class; an unknown prediction with an empty label if there is no class to choose from.</returns>
    /// <exception cref="ArgumentException">The backbone refuses the input.</exception>
    public Prediction Classify(ClassifierInput input)
    {
        using Turn turn = Enter("Classify");
        ArgumentNullException.ThrowIfNull(input);
        EmbedInput(input, embedding);
        return ClassifyEmbedding();
    }

    /// <summary>Classifies an embedding of the backbone: a unit vector of its embedding width.</summary>
    /// <exception cref="ArgumentException">It has another length, is not finite, or is not of unit length to within 1 %.</exception>
    /// <exception cref="InvalidOperationException">The classifier's encoder is tuned (<see cref="AdaptiveClassifierOptions.Encoder"/>).</exception>
    /// <inheritdoc cref="Classify(ClassifierInput)"/>
    public Prediction Classify(ReadOnlySpan<float> embedding)
    {
        using Turn turn = Enter("Classify");
        CheckEmbedding("Classify", embedding);
        embedding.CopyTo(this.embedding);
        return ClassifyEmbedding();
    }

    /// <summary>
    /// Teaches that an input belongs to a class. Predictions change once <see cref="Adapt"/> has learnt from it. A run that
    /// is under way goes on with what it began with and is published; the next one learns from this example too.
    /// </summary>
    /// <returns>By which <see cref="Forget"/> takes it back.</returns>
    /// <exception cref="ArgumentException">There is no such class, a drawing has no point, or the backbone refuses the input; nothing is changed.</exception>
    public ExampleId Teach(ClassifierInput input, string label)
    {
        using Turn turn = Enter("Teach");
        ArgumentNullException.ThrowIfNull(input);
        int index = IndexOf("Teach", label, nameof(label));
        if (input is Drawing drawing && drawing.Strokes.All(stroke => stroke.Count == 0))
            throw new ArgumentException($"Teach: the drawing for '{Excerpt(label)}' has no point; expected one that shows something.", nameof(input));
        var shipped = new float[embedder.Width];
        embedder.Embed(input, shipped);
        return TeachExample(Embedded(input, shipped, classes[index]));
    }

    /// <summary>Teaches that an embedding of the backbone belongs to a class. Predictions change once <see cref="Adapt"/> has learnt from it.</summary>
    /// <exception cref="ArgumentException">
    /// There is no such class, or the embedding has another length, is not finite, or is not of unit length to within 1 %;
    /// nothing is changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The classifier's encoder is tuned (<see cref="AdaptiveClassifierOptions.Encoder"/>).</exception>
    /// <inheritdoc cref="Teach(ClassifierInput, string)"/>
    public ExampleId Teach(ReadOnlySpan<float> embedding, string label)
    {
        using Turn turn = Enter("Teach");
        int index = IndexOf("Teach", label, nameof(label));
        CheckEmbedding("Teach", embedding);
        float[] feature = embedding.ToArray();
        return TeachExample(new Example(0, classes[index], feature));
    }

    /// <summary>Takes an example back.</summary>
    /// <returns>False if it is not there any more: forgotten before, displaced by others, or gone with its class.</returns>
    public bool Forget(ExampleId example)
    {
        using Turn turn = Enter("Forget");
        if (!examples.Remove(example.Value)) return false;
        EvidenceChanged();
        return true;
    }

    /// <summary>Takes all examples of a class back.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="ArgumentException">There is no such class.</exception>
    public int ForgetAll(string label)
    {
        using Turn turn = Enter("ForgetAll");
        int count = examples.RemoveAll(classes[IndexOf("ForgetAll", label, nameof(label))]);
        if (count > 0) EvidenceChanged();
        return count;
    }

    /// <summary>Ends the background thread. The backbone stays. Where another thread's call is under way, it is waited for.</summary>
    public void Dispose()
    {
        SpinWait wait = default;
        while (Interlocked.CompareExchange(ref inside, nameof(Dispose), null) is not null) wait.SpinOnce();
        using var turn = new Turn(this);
        if (disposed) return;
        disposed = true;
        runner.Dispose();
        DisposeTuning();
    }

    internal ReadOnlySpan<float> ProbabilitiesOf(int version) => version == predictionVersion
        ? probabilities.AsSpan(0, classes.Count)
        : throw new InvalidOperationException("Prediction: its probabilities are gone: the classifier has classified something else or changed its classes since.");

    private Prediction ClassifyEmbedding()
    {
        predictionVersion++;
        int count = classes.Count, width = embedder.Width;
        Span<float> logits = probabilities.AsSpan(0, count);
        HeadProducts.Cosines(embedding, head, count, width, logits);
        if (hasWeight.AsSpan(0, count).Contains(false))
            for (int c = 0; c < count; c++)
                if (!hasWeight[c]) logits[c] = float.NegativeInfinity;
        int best = count == 0 ? -1 : IndexOfLargest(logits);
        float similarity = best < 0 ? float.NegativeInfinity : logits[best];
        if (!(similarity > float.NegativeInfinity))
        {
            logits.Clear();
            return new Prediction(this, predictionVersion, "", 0, 0, 0, 0, isUnknown: true);
        }
        for (int c = 0; c < count; c++) logits[c] *= embedder.LogitScale;
        HeadObjective.LogSumExp(logits);
        float second = Math.Max(Largest(logits[..best]), Largest(logits[(best + 1)..]));
        float known = 1;
        bool isUnknown = false;
        if (embedder.Unknown is UnknownCalibration calibration)
        {
            known = KnownProbability(calibration, classes[best], similarity);
            isUnknown = known < (options.UnknownThreshold ?? calibration.Threshold);
        }
        return new Prediction(this, predictionVersion, names[best], logits[best], logits[best] - second, similarity, known, isUnknown);
    }

    // TensorPrimitives' generic code takes the just-in-time compiler some milliseconds, which few classes never earn back.
    private const int ManyClasses = 512;

    /// <summary>The first of the largest values; -1 if none is above minus infinity.</summary>
    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        if (values.Length > ManyClasses) return TensorPrimitives.IndexOfMax(values);
        int best = -1;
        for (int i = 0; i < values.Length; i++)
            if (values[i] > (best < 0 ? float.NegativeInfinity : values[best])) best = i;
        return best;
    }

    /// <summary>The largest probability; 0 of none.</summary>
    private static float Largest(ReadOnlySpan<float> probabilities)
    {
        if (probabilities.Length > ManyClasses) return TensorPrimitives.Max(probabilities);
        float largest = 0;
        foreach (float probability in probabilities) largest = Math.Max(largest, probability);
        return largest;
    }

    // A class with examples is known by either: by its description, to which the learnt weight is no measure, because it lies
    // nearer to all inputs; or by what looks like the examples, however unlike the description that may be.
    private float KnownProbability(UnknownCalibration calibration, ClassEntry entry, float similarity)
    {
        if (calibration.Examples is null || !entry.HasPrototype) return calibration.Probability(similarity);
        float byExamples = calibration.ProbabilityByExamples(TensorPrimitives.Dot<float>(embedding, entry.Prototype));
        return entry.Understood > 0 && entry.Target is float[] target ? Math.Max(byExamples, calibration.Probability(TensorPrimitives.Dot<float>(embedding, target))) : byExamples;
    }

    private ExampleId TeachExample(Example example)
    {
        snapshot.FinishCopy();
        int id = examples.Add(example, classes);
        EvidenceGrew();
        return new ExampleId(id);
    }

    private void CheckEmbedding(string operation, ReadOnlySpan<float> embedding)
    {
        if (options.Encoder != EncoderTuning.None || encoder is not null)
            throw new InvalidOperationException($"{operation}: this classifier's encoder is tuned, and the backbone's embeddings are not its own; give it the input itself.");
        if (embedding.Length != embedder.Width)
            throw new ArgumentException($"{operation}: the embedding has {embedding.Length} values; expected {embedder.Width}.", nameof(embedding));
        float norm = TensorPrimitives.Norm(embedding);
        if (!(Math.Abs(norm - 1) <= 0.01f))
            throw new ArgumentException($"{operation}: the embedding's length is {norm}; expected 1, to within 1 %.", nameof(embedding));
    }

    /// <summary>Takes the classifier for one call. Two at once would leave it, and what is saved of it, in pieces.</summary>
    /// <exception cref="InvalidOperationException">Another thread is inside; nothing is changed.</exception>
    private Turn Enter(string operation)
    {
        if (Interlocked.CompareExchange(ref inside, operation, null) is not { } other)
        {
            var turn = new Turn(this);
            if (!disposed) return turn;
            turn.Dispose();
            throw new ObjectDisposedException(nameof(AdaptiveClassifier), $"{operation}: the classifier was disposed.");
        }
        throw new InvalidOperationException($"{operation}: another thread is inside this classifier ({other}); expected one thread at a time. Lock around its calls; to save beside the game, Save to a stream on the thread that teaches and write the file on another.");
    }

    private readonly ref struct Turn(AdaptiveClassifier classifier)
    {
        public void Dispose() => Volatile.Write(ref classifier.inside, null);
    }
}
