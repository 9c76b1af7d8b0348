using System.Numerics.Tensors;
using System.Security.Cryptography;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Text;

namespace OnDeviceLearning;

/// <summary>
/// Pretrained encoders, for what players make (drawings, images, texts, features) and for descriptions, that share one
/// embedding space, with everything that belongs to them: tokenizer, word list, calibration, adaptation prior. Loaded from
/// one safetensors file; its weights never change.
/// </summary>
/// <remarks>
/// Safe to use from any thread; embedding calls of one backbone run one after the other, under a lock. Embedding drawings,
/// images and features allocates nothing once each kind of call was made once. <see cref="Dispose"/> frees the device memory
/// and, if <c>Load</c> opened the device itself, the device. Where the device is lost (its driver was reset, it was
/// unplugged), the backbone goes on with the built-in CPU within the same call, and says so in <see cref="DeviceLoss"/>.
/// </remarks>
public sealed class Backbone : IDisposable
{
    /// <summary>Images a pass of <see cref="EmbedAll"/> holds.</summary>
    private const int ImageBatch = 32;

    private readonly object gate = new();
    private readonly BackboneMetadata model;
    private readonly BackboneEncoders encoders;
    private readonly float[] pixels, scaled; // of one image, of one feature vector
    private float[]? batchPixels; // [ImageBatch, C, S, S]
    private float[]? batchEmbeddings; // [ImageBatch, EmbeddingWidth]
    private bool disposed;

    private Backbone(byte[] bytes, ComputeDevice? device, ModelLimits? limits)
    {
        limits ??= ModelLimits.Default;
        SafetensorsFile file = SafetensorsReader.Parse(bytes, limits, isChecked: true);
        Metadata = file.Metadata;
        model = new BackboneMetadata(file.Metadata);
        pixels = new float[model.Image?.Length ?? 0];
        scaled = new float[model.Features?.Length ?? 0];
        // The tokenizer and the hash need no device: a good part of a cold start, done beside the image encoder.
        Task<DescriptionReader>? reading = model.TextGraph is null ? null : Task.Run(model.CreateReader);
        Task<string> hashing = Task.Run(() =>
        {
            if (Metadata.ContainsKey(FileSeal.Backbone.Key)) FileSeal.Backbone.Check("Backbone", bytes);
            return Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();
        });
        encoders = new BackboneEncoders(model, file, device, limits, reading);
        try
        {
            Hash = hashing.GetAwaiter().GetResult();
        }
        catch
        {
            encoders.Dispose();
            throw;
        }
    }

    /// <summary>Reads a backbone from a file and puts its weights on a device.</summary>
    /// <param name="path">A safetensors file as <c>odl pretrain</c> or <c>odl import</c> writes it.</param>
    /// <param name="device">Where to run, not disposed by the backbone; null opens the built-in CPU device for this backbone.</param>
    /// <param name="limits">What the file may cost; null for <see cref="ModelLimits.Default"/>.</param>
    /// <exception cref="ModelFormatException">The file is not a backbone or not whole; the message says what and where.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="DeviceException">The device failed or has too little memory.</exception>
    public static Backbone Load(string path, ComputeDevice? device = null, ModelLimits? limits = null)
    {
        try
        {
            return new(SafetensorsReader.ReadBytes(path, limits), device, limits);
        }
        catch (ModelFormatException e)
        {
            throw new ModelFormatException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"Backbone.Load: there is no file '{path}'.", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Backbone.Load: '{path}' cannot be read: {(Directory.Exists(path) ? "it is a folder" : e.Message)}", e);
        }
    }

    /// <summary>Reads a backbone from a stream, from its present position to its end; the stream stays open.</summary>
    /// <inheritdoc cref="Load(string, ComputeDevice?, ModelLimits?)"/>
    public static Backbone Load(Stream stream, ComputeDevice? device = null, ModelLimits? limits = null) =>
        new(SafetensorsReader.ReadBytes(stream, limits), device, limits);

    /// <summary>
    /// A backbone without a file for plain numbers such as telemetry: a <see cref="FeatureVector"/> is scaled, a 1 is put
    /// behind it, and that is the embedding. It has no text encoder: classes are named with
    /// <see cref="AdaptiveClassifier.AddClass"/> and taught by examples.
    /// </summary>
    /// <param name="mean">The mean of each feature, over what is usual in the game.</param>
    /// <param name="deviation">The standard deviation of each feature, above 0.</param>
    /// <param name="logitScale">What cosines are multiplied with to give logits, above 0, at most 1000.</param>
    /// <exception cref="ArgumentException">The lengths differ or are out of range, or a number is.</exception>
    public static Backbone ForFeatures(ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation, float logitScale = 10)
    {
        try
        {
            return Load(new MemoryStream(FeatureBackboneFile.Write(mean, deviation, logitScale)));
        }
        catch (ModelFormatException e)
        {
            throw new ArgumentException($"ForFeatures: {e.Message}", e);
        }
    }

    /// <summary>SHA-256 of the file, 64 hexadecimal digits in lower case.</summary>
    public string Hash { get; }

    /// <summary>Number of values of an embedding.</summary>
    public int EmbeddingWidth => encoders.Width;

    /// <summary>The kinds of input it embeds.</summary>
    public InputKinds Reads => model.Reads;

    /// <summary>Whether it reads descriptions. Without a text encoder, classes are known by examples alone.</summary>
    public bool ReadsDescriptions => model.TextGraph is not null;

    /// <summary>What the cosine of two embeddings is multiplied with to give a logit.</summary>
    public float LogitScale => model.LogitScale;

    /// <summary>Side in pixels of the square images the encoder reads; 0 where there is none.</summary>
    public int ImageSize => model.Image?.Size ?? 0;

    /// <summary>Number of values of the feature vectors it reads; 0 where it reads none.</summary>
    public int FeatureCount => model.Features?.Length ?? 0;

    /// <summary>Where the backbone runs; the CPU from a <see cref="DeviceLoss"/> on.</summary>
    public ComputeDevice Device => encoders.Device;

    /// <summary>Why the backbone left the device it was loaded on for the CPU; null as long as it is there. For the game's log.</summary>
    public DeviceLostException? DeviceLoss => encoders.Loss;

    /// <summary>The strings of the file's metadata: graphs, tokenizer, licence, provenance.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>How far adapted classes are trusted by number of examples; <see cref="AdaptationPrior.Default"/> where the file has none.</summary>
    public AdaptationPrior Prior => model.Prior;

    /// <summary>The calibration of "unknown"; null where the file has none.</summary>
    public UnknownCalibration? Unknown => model.Unknown;

    /// <summary>
    /// Embeds what a player made. An image of another size is stretched to <see cref="ImageSize"/> by area averaging; a
    /// drawing without strokes is blank paper; of a text longer than the encoder reads, the beginning counts.
    /// </summary>
    /// <param name="input">An input of a kind that <see cref="Reads"/> names.</param>
    /// <param name="embedding">Overwritten with <see cref="EmbeddingWidth"/> values of length 1.</param>
    /// <exception cref="ArgumentException">
    /// The backbone does not read this kind, a text has no word, a feature vector has another length or values too far from
    /// what is usual, or <paramref name="embedding"/> has another length.
    /// </exception>
    public void Embed(ClassifierInput input, Span<float> embedding)
    {
        CheckInput("Embed", input);
        CheckEmbedding("Embed", embedding.Length, 1);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            EmbedCore(input, embedding);
        }
    }

    /// <summary>
    /// Embeds a description and says how much of it was understood. Misspelt words and unknown forms of known words are
    /// embedded as what they were read as. Allocates.
    /// </summary>
    /// <param name="description">1 to 2,000 characters with at least one word; normalised (Unicode NFKC, control characters as spaces).</param>
    /// <param name="embedding">Overwritten with <see cref="EmbeddingWidth"/> values of length 1, also where nothing was understood.</param>
    /// <exception cref="ArgumentException">The description is empty, blank or too long, or <paramref name="embedding"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The backbone has no text encoder.</exception>
    public DescriptionReading Embed(string description, Span<float> embedding)
    {
        CheckEmbedding("Embed", embedding.Length, 1);
        if (encoders.Reader is null) throw new InvalidOperationException("Embed: this backbone has no text encoder; it embeds no descriptions.");
        int[] tokens = encoders.Reader.Read(description, out DescriptionReading reading);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            encoders.EncodeText(tokens, embedding);
        }
        return reading;
    }

    /// <summary>
    /// Embeds many inputs, several images in one pass: for tools and evaluations. Agrees with
    /// <see cref="Embed(ClassifierInput, Span{float})"/> to rounding, not to the bit.
    /// </summary>
    /// <param name="inputs">The inputs, of kinds that <see cref="Reads"/> names.</param>
    /// <param name="embeddings">Overwritten: [inputs, <see cref="EmbeddingWidth"/>].</param>
    /// <exception cref="ArgumentException"><paramref name="embeddings"/> has another length, or an input is null or refused.</exception>
    public void EmbedAll(IReadOnlyList<ClassifierInput> inputs, Span<float> embeddings)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        CheckEmbedding("EmbedAll", embeddings.Length, inputs.Count);
        for (int i = 0; i < inputs.Count; i++)
        {
            if (inputs[i] is null) throw new ArgumentException($"EmbedAll: input {i} is null.", nameof(inputs));
            CheckInput("EmbedAll", inputs[i]);
        }
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            for (int first = 0; first < inputs.Count;)
            {
                int count = 0;
                while (count < ImageBatch && first + count < inputs.Count && IsImage(inputs[first + count])) count++;
                Span<float> rows = embeddings.Slice(first * EmbeddingWidth, Math.Max(1, count) * EmbeddingWidth);
                if (count == 0) EmbedCore(inputs[first], rows);
                else EmbedImages(inputs, first, count, rows);
                first += Math.Max(1, count);
            }
        }
    }

    /// <summary>The graph of the image encoder; null where there is none.</summary>
    internal Graph? ImageGraph => encoders.ImageGraph;

    /// <summary>How the image encoder wants its input; null where there is none.</summary>
    internal ImagePreprocessing? ImagePreprocessing => model.Image;

    /// <summary>The image encoder's weights in a set of their own, which the caller disposes.</summary>
    internal ParameterSet CopyImageParameters()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return encoders.CopyImageParameters();
        }
    }

    /// <summary>Goes on with the CPU where a classifier found the device lost.</summary>
    internal void Recover(DeviceLostException loss)
    {
        lock (gate) encoders.Recover(loss);
    }

    /// <summary>Frees the device memory, and the device if <c>Load</c> opened it. Waits for an embedding under way.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
            encoders.Dispose();
        }
    }

    private void EmbedCore(ClassifierInput input, Span<float> embedding)
    {
        switch (input)
        {
            case TextInput text:
                encoders.EncodeText(encoders.Reader!.Read(text.Text, out _), embedding);
                break;
            case FeatureVector vector:
                model.Features!.Write(vector.Values.Span, scaled);
                if (!float.IsFinite(TensorPrimitives.Norm<float>(scaled)))
                    throw new ArgumentException("Embed: the feature vector is so far from what is usual that its length is not finite.", nameof(input));
                encoders.EncodeFeatures(scaled, embedding);
                break;
            default:
                model.Image!.Write(input, pixels);
                encoders.EncodeImages(pixels, 1, embedding);
                break;
        }
    }

    private void EmbedImages(IReadOnlyList<ClassifierInput> inputs, int first, int count, Span<float> embeddings)
    {
        int length = model.Image!.Length;
        batchPixels ??= new float[ImageBatch * length];
        batchEmbeddings ??= new float[ImageBatch * EmbeddingWidth];
        for (int i = 0; i < count; i++) model.Image.Write(inputs[first + i], batchPixels.AsSpan(i * length, length));
        // Blank paper in the rows a short last batch leaves over.
        for (int i = count; i < ImageBatch; i++) model.Image.WriteBlank(batchPixels.AsSpan(i * length, length));
        encoders.EncodeImages(batchPixels, ImageBatch, batchEmbeddings);
        batchEmbeddings.AsSpan(0, count * EmbeddingWidth).CopyTo(embeddings);
    }

    private static bool IsImage(ClassifierInput input) => input is not (TextInput or FeatureVector);

    private void CheckInput(string operation, ClassifierInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if ((input.Kind & Reads) == 0)
            throw new ArgumentException($"{operation}: the input is of the kind {input.Kind}; this backbone reads {Reads}.", nameof(input));
        if (input is FeatureVector vector && vector.Values.Length != FeatureCount)
            throw new ArgumentException($"{operation}: the feature vector has {vector.Values.Length} values; this backbone reads {FeatureCount}.", nameof(input));
    }

    private void CheckEmbedding(string operation, int length, int count)
    {
        if (length != (long)count * EmbeddingWidth)
            throw new ArgumentException($"{operation}: the target has {length} values; expected {(long)count * EmbeddingWidth} ({count} x {EmbeddingWidth}).", "embedding");
    }
}
