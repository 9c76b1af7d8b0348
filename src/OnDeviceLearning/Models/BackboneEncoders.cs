using System.Numerics.Tensors;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Models;

/// <summary>
/// The encoders of one backbone on one device, all into one space; on the CPU from the moment the device is lost. From one
/// thread at a time.
/// </summary>
internal sealed class BackboneEncoders : IDisposable
{
    private readonly BackbonePlan? imagePlan, textPlan, featurePlan;
    private readonly SafetensorsFile? weights; // to load them anew; null where the device cannot be lost
    private readonly FeatureScaling? features;
    private BackboneEncoder? image, text, feature;
    private bool ownsDevice;

    /// <param name="model">What the file says.</param>
    /// <param name="file">The file.</param>
    /// <param name="device">Where to compute; null opens the built-in CPU device.</param>
    /// <param name="limits">What the file may cost.</param>
    /// <param name="reading">Brings the reader of texts, which is made meanwhile; null where the file has no text encoder.</param>
    public BackboneEncoders(BackboneMetadata model, SafetensorsFile file, ComputeDevice? device, ModelLimits limits, Task<DescriptionReader>? reading)
    {
        features = model.Features;
        ownsDevice = device is null;
        Device = device ?? ComputeDevice.Open();
        try
        {
            if (model.Image is not null)
            {
                imagePlan = BackbonePlan.ForImages(model, file, limits);
                image = new BackboneEncoder(imagePlan, file, Device);
            }
            if (model.FeatureGraph is not null)
            {
                featurePlan = BackbonePlan.ForFeatures(model, file, limits);
                feature = new BackboneEncoder(featurePlan, file, Device);
            }
            Reader = reading?.GetAwaiter().GetResult();
            if (Reader is not null)
            {
                textPlan = BackbonePlan.ForText(model, Reader.Tokenizer, file, limits);
                text = new BackboneEncoder(textPlan, file, Device);
            }
            Width = CommonWidth();
            foreach (string name in file.Tensors.Keys)
                // The head of the task an encoder was trained for serves fine-tuning alone.
                if (name is not ("head.weight" or "head.bias") && imagePlan?.Uses(name) != true && textPlan?.Uses(name) != true && featurePlan?.Uses(name) != true)
                    throw new ModelFormatException($"Backbone: tensor '{name}' is a parameter of no graph of the file.");
            if (Device.Kind != DeviceKind.Cpu) weights = file;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Reads texts; null where there is no text encoder.</summary>
    public DescriptionReader? Reader { get; }

    /// <summary>Number of values of an embedding.</summary>
    public int Width { get; }

    public ComputeDevice Device { get; private set; }

    public DeviceLostException? Loss { get; private set; }

    /// <summary>Embeds [batch, C, S, S] into [batch, Width].</summary>
    public void EncodeImages(ReadOnlySpan<float> images, int batch, Span<float> embeddings)
    {
        try
        {
            image!.Encode(images, batch, embeddings);
        }
        catch (DeviceLostException loss) when (MayMove)
        {
            MoveToCpu(loss);
            image!.Encode(images, batch, embeddings);
        }
    }

    public void EncodeText(ReadOnlySpan<int> tokens, Span<float> embedding)
    {
        try
        {
            text!.Encode(tokens, embedding);
        }
        catch (DeviceLostException loss) when (MayMove)
        {
            MoveToCpu(loss);
            text!.Encode(tokens, embedding);
        }
    }

    /// <summary>Embeds scaled features. Without a graph they are the embedding, with a 1 behind them: so a class may lie on one side of a plane anywhere.</summary>
    public void EncodeFeatures(ReadOnlySpan<float> scaled, Span<float> embedding)
    {
        if (featurePlan is null)
        {
            scaled.CopyTo(embedding);
            embedding[^1] = 1;
            TensorPrimitives.Divide(embedding, TensorPrimitives.Norm<float>(embedding), embedding);
            return;
        }
        try
        {
            feature!.Encode(scaled, 1, embedding);
        }
        catch (DeviceLostException loss) when (MayMove)
        {
            MoveToCpu(loss);
            feature!.Encode(scaled, 1, embedding);
        }
    }

    public void Dispose()
    {
        image?.Dispose();
        text?.Dispose();
        feature?.Dispose();
        if (ownsDevice) Device.Dispose();
    }

    /// <summary>The graph of the image encoder; null where there is none.</summary>
    public Graph? ImageGraph => imagePlan?.Graph;

    /// <summary>The image encoder's weights in a set of their own.</summary>
    public ParameterSet CopyImageParameters() => image!.CopyParameters();

    /// <summary>Goes on with the CPU where the device was lost to somebody else.</summary>
    public void Recover(DeviceLostException loss)
    {
        if (MayMove) MoveToCpu(loss);
    }

    private bool MayMove => weights is not null && Loss is null;

    /// <summary>Loads the weights anew, which no program changes, and computes what is asked for from now on with them.</summary>
    private void MoveToCpu(DeviceLostException loss)
    {
        ComputeDevice cpu = ComputeDevice.OpenCpu();
        BackboneEncoder? imageThere = null, textThere = null, featureThere = null;
        try
        {
            if (imagePlan is not null) imageThere = new BackboneEncoder(imagePlan, weights!, cpu);
            if (textPlan is not null) textThere = new BackboneEncoder(textPlan, weights!, cpu);
            if (featurePlan is not null) featureThere = new BackboneEncoder(featurePlan, weights!, cpu);
        }
        catch
        {
            imageThere?.Dispose();
            textThere?.Dispose();
            cpu.Dispose();
            throw;
        }
        Dispose();
        (image, text, feature, Device, ownsDevice, Loss) = (imageThere, textThere, featureThere, cpu, true, loss);
    }

    private int CommonWidth()
    {
        (string Name, int Width)[] widths =
        [
            .. imagePlan is null ? [] : (ReadOnlySpan<(string, int)>)[("the image graph", imagePlan.Width)],
            .. textPlan is null ? [] : (ReadOnlySpan<(string, int)>)[("the text graph", textPlan.Width)],
            .. features is null ? [] : (ReadOnlySpan<(string, int)>)[(featurePlan is null ? "'odl.features' (with the 1 behind)" : "the feature graph", featurePlan?.Width ?? features.Length + 1)],
        ];
        foreach ((string name, int width) in widths)
            if (width != widths[0].Width)
                throw new ModelFormatException($"Backbone: {widths[0].Name} gives {widths[0].Width} values, {name} {width}; expected the same number.");
        return widths[0].Width;
    }
}
