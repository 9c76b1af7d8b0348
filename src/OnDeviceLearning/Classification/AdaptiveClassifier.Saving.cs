using System.Text.Json;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Models;

namespace OnDeviceLearning;

// Saves hold what was described and taught, the published head, and whether there is more to learn: a run of the head cut
// short by saving starts again after loading and publishes the same head; one of the encoder goes on where it was.
public sealed partial class AdaptiveClassifier
{
    /// <summary>What is added to a save's path for the one before it.</summary>
    public const string PreviousSuffix = ".bak";

    /// <summary>
    /// Writes a save. It replaces the file only when it is completely on disk; the file before it, unless it is damaged, is
    /// kept beside it with <see cref="PreviousSuffix"/> added to its name. A link is followed.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written; the one that was there stays.</exception>
    /// <exception cref="InvalidOperationException">Classes and examples take more than 256 MiB, which no <c>Load</c> would read.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        PlayerSaveFile.Write(path, path + PreviousSuffix, SaveBytes());
    }

    /// <summary>Writes a save to a stream, from its present position.</summary>
    /// <exception cref="InvalidOperationException">Classes and examples take more than 256 MiB, which no <c>Load</c> would read.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(SaveBytes());
    }

    /// <summary>Reads a save made with the same backbone file. The seed is the save's.</summary>
    /// <exception cref="ModelFormatException">
    /// The file is no save, damaged, of another version, or made with another backbone; if there is a previous one beside it
    /// the message says so, and <see cref="LoadPrevious"/> reads it.
    /// </exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public static AdaptiveClassifier Load(string path, Backbone backbone, AdaptiveClassifierOptions? options = null) =>
        Load(path, Embedder(backbone), options);

    /// <summary>Reads the save before the last, kept beside <paramref name="path"/>. The next <see cref="Save(string)"/> replaces the last.</summary>
    /// <inheritdoc cref="Load(string, Backbone, AdaptiveClassifierOptions?)"/>
    public static AdaptiveClassifier LoadPrevious(string path, Backbone backbone, AdaptiveClassifierOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Load(path + PreviousSuffix, Embedder(backbone), options);
    }

    /// <summary>Reads a save from a stream, from its present position to its end.</summary>
    /// <inheritdoc cref="Load(string, Backbone, AdaptiveClassifierOptions?)"/>
    public static AdaptiveClassifier Load(Stream stream, Backbone backbone, AdaptiveClassifierOptions? options = null) =>
        Load(stream, Embedder(backbone), options);

    internal static AdaptiveClassifier Load(string path, IEmbedder embedder, AdaptiveClassifierOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        try
        {
            return Read(SafetensorsReader.ReadBytes(path, PlayerSave.Limits), embedder, options);
        }
        catch (ModelFormatException e)
        {
            throw new ModelFormatException($"{path}: {e.Message}{Advice()}", e) { IsForOtherBackbone = e.IsForOtherBackbone };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"Load: there is no file '{path}'.{Advice()}", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Load: '{path}' cannot be read: {e.Message}", e);
        }

        string Advice()
        {
            string previous = path + PreviousSuffix;
            return File.Exists(previous) ? $" The save before it is beside it ('{previous}'): LoadPrevious reads it." : "";
        }
    }

    internal static AdaptiveClassifier Load(Stream stream, IEmbedder embedder, AdaptiveClassifierOptions? options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Read(SafetensorsReader.ReadBytes(stream, PlayerSave.Limits), embedder, options);
    }

    private static BackboneEmbedder Embedder(Backbone backbone)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new BackboneEmbedder(backbone);
    }

    private byte[] SaveBytes()
    {
        using Turn turn = Enter("Save");
        List<SafetensorsTensor> tensors = Tensors();
        Dictionary<string, string> metadata = Metadata();
        AddTuning(tensors, metadata);
        return PlayerSave.Write(tensors, metadata);
    }

    private List<SafetensorsTensor> Tensors()
    {
        int width = embedder.Width;
        var tensors = new List<SafetensorsTensor>();
        float[][] descriptions = [.. classes.SelectMany(entry => entry.Descriptions).Select(description => description.Embedding)];
        float[][] features = new float[examples.Count][];
        int[] labels = new int[examples.Count], ids = new int[examples.Count];
        Dictionary<ClassEntry, int> indices = Enumerable.Range(0, classes.Count).ToDictionary(c => classes[c]);
        for (int i = 0; i < examples.Count; i++)
        {
            features[i] = examples[i].Shipped;
            labels[i] = indices[examples[i].Class];
            ids[i] = examples[i].Id;
        }
        if (descriptions.Length > 0) tensors.Add(Rows(PlayerSave.DescriptionsTensor, descriptions));
        if (classes.Count > 0)
        {
            // A class without weight may have the remains of another in its row.
            float[][] rows = [.. Enumerable.Range(0, classes.Count).Select(c => hasWeight[c] ? head[(c * width)..((c + 1) * width)] : new float[width])];
            tensors.Add(Rows(PlayerSave.HeadTensor, rows));
        }
        if (features.Length > 0)
        {
            tensors.Add(Rows(PlayerSave.ExamplesTensor, features));
            tensors.Add(SafetensorsTensor.FromInt32(PlayerSave.LabelsTensor, [labels.Length], labels));
            tensors.Add(SafetensorsTensor.FromInt32(PlayerSave.IdsTensor, [ids.Length], ids));
        }
        return tensors;
    }

    private static SafetensorsTensor Rows(string name, float[][] rows) =>
        SafetensorsTensor.FromSingle(name, [rows.Length, rows[0].Length], rows.SelectMany(row => row).ToArray());

    private Dictionary<string, string> Metadata() => new()
    {
        [PlayerSave.BackboneKey] = embedder.Hash,
        [PlayerSave.StateKey] = PlayerSave.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("seed", options.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WriteNumber("examples", examples.Count);
            json.WriteNumber("lastExample", examples.LastId);
            json.WriteBoolean("learnt", learntVersion == evidenceVersion);
            json.WriteString("evidenceBefore", PlayerSave.Exact(adaptation.EvidenceBefore));
            json.WriteString("evidenceAfter", PlayerSave.Exact(adaptation.EvidenceAfter));
            json.WriteString("guardMix", PlayerSave.Exact(adaptation.GuardMix));
            json.WriteBoolean("guardSteppedIn", adaptation.GuardSteppedIn);
            json.WriteEndObject();
        }),
        [PlayerSave.ClassesKey] = PlayerSave.Json(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("classes");
            for (int c = 0; c < classes.Count; c++)
            {
                json.WriteStartObject();
                json.WriteString("name", classes[c].Name);
                json.WriteBoolean("hasWeight", hasWeight[c]);
                json.WriteStartArray("descriptions");
                foreach (Description description in classes[c].Descriptions) json.WriteStringValue(description.Text);
                json.WriteEndArray();
                json.WriteStartArray("understood");
                foreach (Description description in classes[c].Descriptions) json.WriteStringValue(PlayerSave.Exact(description.Understood));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }),
    };
}
