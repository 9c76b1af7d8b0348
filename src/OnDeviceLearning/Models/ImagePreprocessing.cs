using System.Text.Json;

namespace OnDeviceLearning.Models;

/// <summary>How a backbone's image encoder wants its input: size, channels and the scaling of each channel, from <c>odl.preprocessing</c>.</summary>
internal sealed class ImagePreprocessing
{
    private readonly float[] mean, inverseDeviation; // [Channels]

    /// <summary>
    /// Reads <c>{"kind":"drawing","size":64,"mean":0.1,"std":0.3}</c> (pen strokes, or grey images with ink 1 on paper 0) or
    /// <c>{"kind":"image","channels":3,"size":32,"mean":[..],"std":[..]}</c> (values 0 to 1, one mean and deviation a channel).
    /// </summary>
    public ImagePreprocessing(string text)
    {
        using MetadataJson json = MetadataJson.Parse("odl.preprocessing", text);
        string kind = json.String("kind");
        if (kind is not ("drawing" or "image")) throw json.Error($"kind is '{kind}'; expected 'drawing' or 'image'");
        Size = json.Int32("size", 4, 1024);
        Channels = 1;
        if (kind == "image")
        {
            Channels = json.Int32("channels", 1, 3);
            if (Channels == 2) throw json.Error("'channels' is 2; expected 1 or 3");
        }
        Reads = kind == "drawing" ? InputKinds.Drawings | InputKinds.GrayImages
            : Channels == 1 ? InputKinds.GrayImages : InputKinds.GrayImages | InputKinds.ColorImages;
        mean = Numbers(json, "mean");
        inverseDeviation = Numbers(json, "std");
        for (int i = 0; i < Channels; i++)
        {
            if (!(inverseDeviation[i] >= 1e-6f)) throw json.Error($"'std' is {inverseDeviation[i]}; expected at least 1e-6");
            inverseDeviation[i] = 1 / inverseDeviation[i];
        }
    }

    public int Size { get; }

    public int Channels { get; }

    public InputKinds Reads { get; }

    /// <summary>Values of one input.</summary>
    public int Length => Channels * Size * Size;

    /// <summary>Writes the encoder's input.</summary>
    /// <param name="input">A drawing or an image that <see cref="Reads"/> names.</param>
    /// <param name="target">[Channels, Size, Size].</param>
    public void Write(ClassifierInput input, Span<float> target)
    {
        WriteValues(input, target);
        Standardize(target);
    }

    /// <summary>Writes the values 0 to 1, before they are scaled.</summary>
    public void WriteValues(ClassifierInput input, Span<float> target)
    {
        int plane = Size * Size;
        switch (input)
        {
            case Drawing drawing:
                DrawingRasterizer.Rasterize(drawing, Size, target);
                break;
            case ColorImage color:
                color.Resize(Size, Size, target);
                break;
            case GrayImage gray:
                gray.Resize(Size, Size, target[..plane]);
                for (int channel = 1; channel < Channels; channel++) target[..plane].CopyTo(target[(channel * plane)..]);
                break;
        }
    }

    /// <summary>Writes what blank paper is.</summary>
    public void WriteBlank(Span<float> target)
    {
        target.Clear();
        Standardize(target);
    }

    /// <summary>Scales values 0 to 1 as the encoder wants them.</summary>
    public void Standardize(Span<float> values)
    {
        int plane = Size * Size;
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / plane % Channels;
            values[i] = (values[i] - mean[channel]) * inverseDeviation[channel];
        }
    }

    private float[] Numbers(MetadataJson json, string name)
    {
        if (!json.Root.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.Array)
            return [.. Enumerable.Repeat(json.Single(name), Channels)];
        float[] numbers = [.. json.Array(name).Select(element => json.Single(name, element))];
        return numbers.Length == Channels ? numbers : throw json.Error($"'{name}' has {numbers.Length} numbers; expected {Channels}, one a channel");
    }
}
