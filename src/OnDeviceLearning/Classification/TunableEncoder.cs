using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Classification;

/// <summary>A backbone's image encoder as one classifier tunes it: a copy of its weights, of which the tuned ones are made. The backbone stays as it is.</summary>
internal sealed class TunableEncoder(Backbone backbone) : IDisposable
{
    private ParameterSet? shipped;

    public Graph Graph => backbone.ImageGraph!;

    public ImagePreprocessing Preprocessing => backbone.ImagePreprocessing!;

    /// <summary>The shipped weights.</summary>
    public ParameterSet Shipped => shipped ??= backbone.CopyImageParameters();

    /// <summary>The encoder that an adapter makes.</summary>
    public TunedEncoder Create(EncoderAdapter adapter) => new(Shipped, Preprocessing, adapter);

    /// <summary>Goes on where the backbone goes on when the device was lost.</summary>
    public void Recover(DeviceLostException loss)
    {
        backbone.Recover(loss);
        shipped?.Dispose();
        shipped = null;
    }

    public void Dispose() => shipped?.Dispose();
}

/// <summary>An encoder with tuned weights, on the device, for one input at a time.</summary>
internal sealed class TunedEncoder : IDisposable
{
    private readonly ImagePreprocessing preprocessing;
    private readonly ParameterSet parameters;
    private readonly ForwardProgram program;
    private readonly float[] values;

    public TunedEncoder(ParameterSet shipped, ImagePreprocessing preprocessing, EncoderAdapter adapter)
    {
        this.preprocessing = preprocessing;
        Adapter = adapter;
        values = new float[preprocessing.Length];
        parameters = new ParameterSet(shipped.Device, shipped.Graph);
        try
        {
            adapter.Write(shipped, parameters);
            program = ForwardProgram.Plan(shipped.Graph, parameters, 1);
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>What it was made of.</summary>
    public EncoderAdapter Adapter { get; }

    /// <summary>Embeds an input into a unit vector; allocates nothing but for drawings that were kept.</summary>
    /// <returns>False where the embedding is not finite or has no direction.</returns>
    public bool Embed(ClassifierInput input, Span<float> embedding)
    {
        preprocessing.Write(input, values);
        program.SetInput(values);
        program.Run();
        return Read(embedding);
    }

    /// <summary>Embeds what was kept of an input.</summary>
    public bool Embed(CompactInput input, Span<float> embedding)
    {
        Begin(input);
        while (!Advance(long.MaxValue, atLeastOne: true)) program.Wait();
        return Read(embedding);
    }

    /// <summary>Begins to embed what was kept of an input.</summary>
    public void Begin(CompactInput input)
    {
        input.Write(values);
        preprocessing.Standardize(values);
        program.SetInput(values);
        program.Restart();
    }

    /// <summary>Goes on with it; true when it can be read.</summary>
    public bool Advance(long deadline, bool atLeastOne) => program.Advance(deadline, atLeastOne);

    public void Wait() => program.Wait();

    /// <summary>Copies the embedding out, of unit length.</summary>
    /// <returns>False where it is not finite or has no direction.</returns>
    public bool Read(Span<float> embedding)
    {
        program.Output.Read(embedding);
        double squares = 0;
        foreach (float value in embedding) squares += (double)value * value;
        if (!(double.IsFinite(squares) && squares > 0)) return false;
        float norm = (float)Math.Sqrt(squares);
        for (int i = 0; i < embedding.Length; i++) embedding[i] /= norm;
        return true;
    }

    public void Dispose()
    {
        program.Dispose();
        parameters.Dispose();
    }
}
