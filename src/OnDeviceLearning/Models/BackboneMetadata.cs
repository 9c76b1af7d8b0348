using System.Globalization;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Models;

/// <summary>What a backbone's file says about itself beside its tensors, read and checked.</summary>
internal sealed class BackboneMetadata
{
    /// <summary>The key whose value says how the others are to be read; what has it is a backbone.</summary>
    public const string FormatKey = "odl.format";

    private readonly string tokenizer = "", words = "";

    public BackboneMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        string Required(string key) => metadata.TryGetValue(key, out string? value)
            ? value
            : throw new ModelFormatException($"Metadata '{key}' is missing: the file is not a backbone, or not a whole one.");

        string format = Required(FormatKey);
        if (format != "1") throw new ModelFormatException($"Metadata 'odl.format' is '{format}'; this version reads '1'.");
        ImageGraph = metadata.GetValueOrDefault("odl.image.graph");
        TextGraph = metadata.GetValueOrDefault("odl.text.graph");
        FeatureGraph = metadata.GetValueOrDefault("odl.features.graph");
        if (metadata.TryGetValue("odl.features", out string? features)) Features = new FeatureScaling(features);
        else if (FeatureGraph is not null) Required("odl.features");
        if (ImageGraph is null && TextGraph is null && Features is null)
            throw new ModelFormatException("Metadata holds none of 'odl.image.graph', 'odl.text.graph' and 'odl.features': the file is not a backbone, or not a whole one.");
        string scale = Required("odl.logitScale");
        if (!float.TryParse(scale, NumberStyles.Float, CultureInfo.InvariantCulture, out float logitScale) || !(logitScale is > 0 and <= 1000))
            throw new ModelFormatException($"Metadata 'odl.logitScale' is '{scale}'; expected a number above 0, at most 1000.");
        LogitScale = logitScale;
        if (ImageGraph is not null) Image = new ImagePreprocessing(Required("odl.preprocessing"));
        if (TextGraph is not null)
        {
            tokenizer = Required("odl.tokenizer");
            words = Required("odl.words");
        }
        Prior = metadata.TryGetValue("odl.adaptationPrior", out string? prior) ? AdaptationPrior.Parse(prior) : AdaptationPrior.Default;
        Unknown = metadata.TryGetValue("odl.unknown", out string? unknown) ? UnknownCalibration.Parse(unknown) : null;
    }

    /// <summary>The image encoder's graph; null where the file has none.</summary>
    public string? ImageGraph { get; }

    /// <summary>The text encoder's graph; null where the file has none.</summary>
    public string? TextGraph { get; }

    /// <summary>The graph over scaled features; null where there is none: then they are the embedding.</summary>
    public string? FeatureGraph { get; }

    /// <summary>Not null if <see cref="ImageGraph"/> is not.</summary>
    public ImagePreprocessing? Image { get; }

    /// <summary>Null where the file reads no plain features.</summary>
    public FeatureScaling? Features { get; }

    public float LogitScale { get; }
    public AdaptationPrior Prior { get; }
    public UnknownCalibration? Unknown { get; }

    public InputKinds Reads => (Image?.Reads ?? InputKinds.None) | (TextGraph is null ? InputKinds.None : InputKinds.Texts)
        | (Features is null ? InputKinds.None : InputKinds.FeatureVectors);

    /// <summary>Parses tokenizer and word list, the costly part, and reads a first word, so that the first description need not wait for the compiler.</summary>
    public DescriptionReader CreateReader()
    {
        var reader = new DescriptionReader(TextTokenizer.Parse(tokenizer), WordList.Parse(words));
        reader.Read("a", out _);
        return reader;
    }
}
