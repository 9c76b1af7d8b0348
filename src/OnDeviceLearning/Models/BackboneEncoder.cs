using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Models;

/// <summary>An encoder's parameters on a device and the programs planned with them. From one thread at a time.</summary>
internal sealed class BackboneEncoder : IDisposable
{
    /// <summary>Programs kept for different numbers of tokens; descriptions rarely differ by more than this.</summary>
    private const int MaxSequencePrograms = 8;

    private readonly BackbonePlan plan;
    private readonly ParameterSet parameters;
    private readonly Dictionary<int, ForwardProgram> byBatch = [];
    private readonly List<ForwardProgram> bySequence = []; // for one sequence each, most recently used last

    public BackboneEncoder(BackbonePlan plan, SafetensorsFile file, ComputeDevice device)
    {
        this.plan = plan;
        parameters = plan.Upload(file, device);
        try
        {
            if (!plan.Graph.Input.Shape.IsDynamic) byBatch.Add(1, Plan(1, null));
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    /// <summary>Embeds [batch, ...] inputs into unit vectors [batch, Width]; allocates nothing but for a batch size's first time.</summary>
    public void Encode(ReadOnlySpan<float> inputs, int batch, Span<float> embeddings)
    {
        if (!byBatch.TryGetValue(batch, out ForwardProgram? program)) byBatch.Add(batch, program = Plan(batch, null));
        program.SetInput(inputs);
        Finish(program, embeddings);
    }

    /// <summary>Embeds token ids [L] into a unit vector [Width].</summary>
    public void Encode(ReadOnlySpan<int> tokens, Span<float> embedding)
    {
        ForwardProgram program = ForLength(tokens.Length);
        program.SetInput(tokens);
        Finish(program, embedding);
    }

    /// <summary>The weights, in a set of their own on the same device.</summary>
    public ParameterSet CopyParameters()
    {
        var copy = new ParameterSet(parameters.Device, plan.Graph);
        try
        {
            ParameterBlend.Write(parameters, parameters, 0, copy);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (ForwardProgram program in byBatch.Values) program.Dispose();
        foreach (ForwardProgram program in bySequence) program.Dispose();
        parameters.Dispose();
    }

    private ForwardProgram ForLength(int length)
    {
        for (int i = 0; i < bySequence.Count; i++)
        {
            ForwardProgram known = bySequence[i];
            if (known.Input.Length != length) continue;
            bySequence.RemoveAt(i);
            bySequence.Add(known);
            return known;
        }
        ForwardProgram program = Plan(1, length);
        if (bySequence.Count == MaxSequencePrograms)
        {
            bySequence[0].Dispose();
            bySequence.RemoveAt(0);
        }
        bySequence.Add(program);
        return program;
    }

    private ForwardProgram Plan(int batch, int? sequenceLength)
    {
        try
        {
            return ForwardProgram.Plan(plan.Graph, parameters, batch, sequenceLength);
        }
        catch (ArgumentException e)
        {
            // Sizes come from the file alone.
            throw plan.Error(e.Message);
        }
    }

    private void Finish(ForwardProgram program, Span<float> embeddings)
    {
        program.Run();
        program.Output.Read(embeddings);
        for (int start = 0; start < embeddings.Length; start += plan.Width)
        {
            Span<float> embedding = embeddings.Slice(start, plan.Width);
            double squares = 0;
            foreach (float value in embedding) squares += (double)value * value;
            if (!double.IsFinite(squares))
                throw new ModelFormatException($"Backbone: the encoder of '{plan.Key}' gave an embedding that is not finite; its weights are unusable.");
            if (squares == 0)
                throw new ModelFormatException($"Backbone: the encoder of '{plan.Key}' gave an embedding of length 0, which points nowhere; its weights are unusable.");
            float norm = (float)Math.Sqrt(squares);
            for (int i = 0; i < embedding.Length; i++) embedding[i] /= norm;
        }
    }
}
