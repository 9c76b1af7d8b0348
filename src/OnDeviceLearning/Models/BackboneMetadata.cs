using System.Globalization;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Models;

/// <summary>What a backbone's file says about itself beside its tensors, read and checked.</summary>
internal sealed class BackboneMetadata
{
    private readonly string tokenizer, words;

    public BackboneMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        string Required(string key) => metadata.TryGetValue(key, out string? value)
            ? value
            : throw new ModelFormatException($"Metadata '{key}' is missing: the file is not a backbone, or not a whole one.");

        string format = Required("odl.format");
        if (format != "1") throw new ModelFormatException($"Metadata 'odl.format' is '{format}'; this version reads '1'.");
        ImageGraph = Required("odl.image.graph");
        TextGraph = Required("odl.text.graph");
        string scale = Required("odl.logitScale");
        if (!float.TryParse(scale, NumberStyles.Float, CultureInfo.InvariantCulture, out float logitScale) || !(logitScale is > 0 and <= 1000))
            throw new ModelFormatException($"Metadata 'odl.logitScale' is '{scale}'; expected a number above 0, at most 1000.");
        LogitScale = logitScale;
        using (MetadataJson preprocessing = MetadataJson.Parse("odl.preprocessing", Required("odl.preprocessing")))
        {
            string kind = preprocessing.String("kind");
            if (kind != "drawing") throw preprocessing.Error($"kind is '{kind}'; expected 'drawing'");
            ImageSize = preprocessing.Int32("size", 4, 1024);
            Mean = preprocessing.Single("mean");
            float deviation = preprocessing.Single("std");
            if (!(deviation >= 1e-6f)) throw preprocessing.Error($"'std' is {deviation}; expected at least 1e-6");
            InverseDeviation = 1 / deviation;
        }
        tokenizer = Required("odl.tokenizer");
        words = Required("odl.words");
        Prior = metadata.TryGetValue("odl.adaptationPrior", out string? prior) ? AdaptationPrior.Parse(prior) : AdaptationPrior.Default;
        Unknown = metadata.TryGetValue("odl.unknown", out string? unknown) ? UnknownCalibration.Parse(unknown) : null;
    }

    public string ImageGraph { get; }
    public string TextGraph { get; }
    public float LogitScale { get; }
    public int ImageSize { get; }
    public float Mean { get; }
    public float InverseDeviation { get; }
    public AdaptationPrior Prior { get; }
    public UnknownCalibration? Unknown { get; }

    /// <summary>Parses tokenizer and word list, the costly part, and reads a first word, so that the first description need not wait for the compiler.</summary>
    public DescriptionReader CreateReader()
    {
        var reader = new DescriptionReader(TextTokenizer.Parse(tokenizer), WordList.Parse(words));
        reader.Read("a", out _);
        return reader;
    }
}
