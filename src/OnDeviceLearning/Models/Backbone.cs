using System.Security.Cryptography;
using OnDeviceLearning.Models;
using OnDeviceLearning.Text;

namespace OnDeviceLearning;

/// <summary>
/// A pretrained pair of encoders, for drawings and for descriptions, that share one embedding space, with everything that
/// belongs to them: tokenizer, word list, calibration, adaptation prior. Loaded from one safetensors file; its weights never change.
/// </summary>
/// <remarks>
/// Safe to use from any thread; embedding calls of one backbone run one after the other, under a lock. Embedding drawings and
/// images allocates nothing once each kind of call was made once. <see cref="Dispose"/> frees the device memory and, if
/// <c>Load</c> opened the device itself, the device. Where the device is lost (its driver was reset, it was unplugged), the
/// backbone goes on with the built-in CPU within the same call, and says so in <see cref="DeviceLoss"/>.
/// </remarks>
public sealed class Backbone : IDisposable
{
    /// <summary>Images a pass of <see cref="EmbedDrawings"/> holds.</summary>
    private const int DrawingBatch = 32;

    private readonly object gate = new();
    private readonly BackboneMetadata model;
    private readonly DescriptionReader reader;
    private readonly BackbonePlan imagePlan, textPlan;
    private readonly SafetensorsFile? weights; // to load them anew; null where the device cannot be lost
    private BackboneEncoder image, text;
    private bool ownsDevice;
    private readonly float[] pixels; // [1, ImageSize, ImageSize]
    private float[]? batchPixels; // [DrawingBatch, 1, ImageSize, ImageSize]
    private float[]? batchEmbeddings; // [DrawingBatch, EmbeddingWidth]
    private bool disposed;

    private Backbone(byte[] bytes, ComputeDevice? device, ModelLimits? limits)
    {
        limits ??= ModelLimits.Default;
        SafetensorsFile file = SafetensorsReader.Parse(bytes, limits);
        Metadata = file.Metadata;
        model = new BackboneMetadata(file.Metadata);
        pixels = new float[model.ImageSize * model.ImageSize];
        // The tokenizer and the hash need no device: a good part of a cold start, done beside the image encoder.
        Task<DescriptionReader> reading = Task.Run(model.CreateReader);
        Task<string> hashing = Task.Run(() => Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant());

        ownsDevice = device is null;
        Device = device ?? ComputeDevice.Open();
        try
        {
            imagePlan = BackbonePlan.ForImages(model, file, limits);
            image = new BackboneEncoder(imagePlan, file, Device);
            reader = reading.GetAwaiter().GetResult();
            textPlan = BackbonePlan.ForText(model, reader.Tokenizer, file, limits);
            if (imagePlan.Width != textPlan.Width)
                throw new ModelFormatException($"Backbone: the image graph gives {imagePlan.Width} values, the text graph {textPlan.Width}; expected the same number.");
            foreach (string name in file.Tensors.Keys)
                if (!imagePlan.Uses(name) && !textPlan.Uses(name))
                    throw new ModelFormatException($"Backbone: tensor '{name}' is a parameter of neither the image nor the text graph.");
            text = new BackboneEncoder(textPlan, file, Device);
            EmbeddingWidth = imagePlan.Width;
            Hash = hashing.GetAwaiter().GetResult();
            if (Device.Kind != DeviceKind.Cpu) weights = file;
        }
        catch
        {
            image?.Dispose();
            text?.Dispose();
            if (ownsDevice) Device.Dispose();
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
    public static Backbone Load(string path, ComputeDevice? device = null, ModelLimits? limits = null) =>
        new(SafetensorsReader.ReadBytes(path, limits), device, limits);

    /// <summary>Reads a backbone from a stream, from its present position to its end; the stream stays open.</summary>
    /// <inheritdoc cref="Load(string, ComputeDevice?, ModelLimits?)"/>
    public static Backbone Load(Stream stream, ComputeDevice? device = null, ModelLimits? limits = null) =>
        new(SafetensorsReader.ReadBytes(stream, limits), device, limits);

    /// <summary>SHA-256 of the file, 64 hexadecimal digits in lower case.</summary>
    public string Hash { get; }

    /// <summary>Number of values of an embedding.</summary>
    public int EmbeddingWidth { get; }

    /// <summary>What the cosine of two embeddings is multiplied with to give a logit.</summary>
    public float LogitScale => model.LogitScale;

    /// <summary>Side in pixels of the square images the encoder reads.</summary>
    public int ImageSize => model.ImageSize;

    /// <summary>Where the backbone runs; the CPU from a <see cref="DeviceLoss"/> on.</summary>
    public ComputeDevice Device { get; private set; }

    /// <summary>Why the backbone left the device it was loaded on for the CPU; null as long as it is there. For the game's log.</summary>
    public DeviceLostException? DeviceLoss { get; private set; }

    /// <summary>The strings of the file's metadata: graphs, tokenizer, licence, provenance.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>How far adapted classes are trusted by number of examples; <see cref="AdaptationPrior.Default"/> where the file has none.</summary>
    public AdaptationPrior Prior => model.Prior;

    /// <summary>The calibration of "unknown"; null where the file has none.</summary>
    public UnknownCalibration? Unknown => model.Unknown;

    /// <summary>Embeds a drawing.</summary>
    /// <param name="drawing">The drawing; one without strokes is blank paper.</param>
    /// <param name="embedding">Overwritten with <see cref="EmbeddingWidth"/> values of length 1.</param>
    /// <exception cref="ArgumentException"><paramref name="embedding"/> has another length.</exception>
    public void Embed(Drawing drawing, Span<float> embedding)
    {
        ArgumentNullException.ThrowIfNull(drawing);
        CheckEmbedding(embedding.Length, 1);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            DrawingRasterizer.Rasterize(drawing, ImageSize, pixels);
            EmbedPixels(embedding);
        }
    }

    /// <summary>Embeds an image; one of another size is stretched to <see cref="ImageSize"/> by area averaging.</summary>
    /// <param name="image">The image, ink 1 on paper 0.</param>
    /// <param name="embedding">Overwritten with <see cref="EmbeddingWidth"/> values of length 1.</param>
    /// <exception cref="ArgumentException"><paramref name="embedding"/> has another length.</exception>
    public void Embed(GrayImage image, Span<float> embedding)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckEmbedding(embedding.Length, 1);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            image.Resize(ImageSize, ImageSize, pixels);
            EmbedPixels(embedding);
        }
    }

    /// <summary>
    /// Embeds a description and says how much of it was understood. Misspelt words and unknown forms of known words are
    /// embedded as what they were read as. Allocates.
    /// </summary>
    /// <param name="description">1 to 2,000 characters with at least one word; normalised (Unicode NFKC, control characters as spaces).</param>
    /// <param name="embedding">Overwritten with <see cref="EmbeddingWidth"/> values of length 1, also where nothing was understood.</param>
    /// <exception cref="ArgumentException">The description is empty, blank or too long, or <paramref name="embedding"/> has another length.</exception>
    public DescriptionReading Embed(string description, Span<float> embedding)
    {
        CheckEmbedding(embedding.Length, 1);
        int[] tokens = reader.Read(description, out DescriptionReading reading);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            try
            {
                text.Encode(tokens, embedding);
            }
            catch (DeviceLostException loss) when (weights is not null && DeviceLoss is null)
            {
                MoveToCpu(loss);
                text.Encode(tokens, embedding);
            }
        }
        return reading;
    }

    /// <summary>
    /// Embeds many drawings, several in one pass: for tools and evaluations. Agrees with <see cref="Embed(Drawing, Span{float})"/>
    /// to rounding, not to the bit.
    /// </summary>
    /// <param name="drawings">The drawings.</param>
    /// <param name="embeddings">Overwritten: [drawings, <see cref="EmbeddingWidth"/>].</param>
    /// <exception cref="ArgumentException"><paramref name="embeddings"/> has another length, or a drawing is null.</exception>
    public void EmbedDrawings(IReadOnlyList<Drawing> drawings, Span<float> embeddings)
    {
        ArgumentNullException.ThrowIfNull(drawings);
        CheckEmbedding(embeddings.Length, drawings.Count);
        for (int i = 0; i < drawings.Count; i++)
            if (drawings[i] is null) throw new ArgumentException($"EmbedDrawings: drawing {i} is null.", nameof(drawings));
        int imageLength = ImageSize * ImageSize;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            batchPixels ??= new float[DrawingBatch * imageLength];
            batchEmbeddings ??= new float[DrawingBatch * EmbeddingWidth];
            for (int first = 0; first < drawings.Count; first += DrawingBatch)
            {
                int count = Math.Min(DrawingBatch, drawings.Count - first);
                for (int i = 0; i < count; i++)
                    DrawingRasterizer.Rasterize(drawings[first + i], ImageSize, batchPixels.AsSpan(i * imageLength, imageLength));
                // Blank paper in the rows a short last batch leaves over.
                batchPixels.AsSpan(count * imageLength).Clear();
                Standardize(batchPixels);
                EncodeImages(batchPixels, DrawingBatch, batchEmbeddings);
                batchEmbeddings.AsSpan(0, count * EmbeddingWidth).CopyTo(embeddings[(first * EmbeddingWidth)..]);
            }
        }
    }

    /// <summary>Frees the device memory, and the device if <c>Load</c> opened it. Waits for an embedding under way.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
            image.Dispose();
            text.Dispose();
            if (ownsDevice) Device.Dispose();
        }
    }

    private void EmbedPixels(Span<float> embedding)
    {
        Standardize(pixels);
        EncodeImages(pixels, 1, embedding);
    }

    private void EncodeImages(ReadOnlySpan<float> standardized, int batch, Span<float> embeddings)
    {
        try
        {
            image.Encode(standardized, batch, embeddings);
        }
        catch (DeviceLostException loss) when (weights is not null && DeviceLoss is null)
        {
            MoveToCpu(loss);
            image.Encode(standardized, batch, embeddings);
        }
    }

    /// <summary>Loads the weights anew, which no program changes, and computes what is asked for from now on with them.</summary>
    private void MoveToCpu(DeviceLostException loss)
    {
        ComputeDevice cpu = ComputeDevice.OpenCpu();
        BackboneEncoder? imageThere = null, textThere;
        try
        {
            imageThere = new BackboneEncoder(imagePlan, weights!, cpu);
            textThere = new BackboneEncoder(textPlan, weights!, cpu);
        }
        catch
        {
            imageThere?.Dispose();
            cpu.Dispose();
            throw;
        }
        image.Dispose();
        text.Dispose();
        if (ownsDevice) Device.Dispose();
        (image, text, Device, ownsDevice, DeviceLoss) = (imageThere, textThere, cpu, true, loss);
    }

    private void Standardize(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (values[i] - model.Mean) * model.InverseDeviation;
    }

    private void CheckEmbedding(int length, int count)
    {
        if (length != (long)count * EmbeddingWidth)
            throw new ArgumentException($"Embed: the target has {length} values; expected {(long)count * EmbeddingWidth} ({count} x {EmbeddingWidth}).", "embedding");
    }
}
