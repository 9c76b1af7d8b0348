using System.Numerics.Tensors;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>A class: its name and what the player wrote about it.</summary>
internal sealed class ClassEntry(string name)
{
    private readonly List<Description> descriptions = [];

    public string Name { get; set; } = name;

    public IReadOnlyList<Description> Descriptions => descriptions;

    /// <summary>t_c [D], the normalised mean of the descriptions' embeddings; never changed in place. Null without description.</summary>
    public float[]? Target { get; private set; }

    /// <summary>Mean share of the descriptions that was understood, 0 to 1.</summary>
    public double Understood { get; private set; } = 1;

    /// <summary>Number of examples.</summary>
    public int Examples { get; set; }

    /// <summary>Whether examples have come or gone since <see cref="Prototype"/> was computed.</summary>
    public bool IsPrototypeStale { get; set; }

    /// <summary>Normalised mean [D] of the examples; meaningless while there are none.</summary>
    public float[] Prototype { get; private set; } = [];

    /// <summary>Starts the mean of the examples anew.</summary>
    public void ClearPrototype(int width)
    {
        if (Prototype.Length == 0 && Examples > 0) Prototype = new float[width];
        Array.Clear(Prototype);
    }

    public void SetDescriptions(IReadOnlyCollection<Description> replacement)
    {
        descriptions.Clear();
        descriptions.AddRange(replacement);
        Target = null;
        Understood = 1;
        if (descriptions.Count == 0) return;
        var mean = new float[descriptions[0].Embedding.Length];
        double understood = 0;
        foreach (Description description in descriptions)
        {
            TensorPrimitives.Add(mean, description.Embedding, mean);
            understood += description.Understood;
        }
        // A single embedding keeps its bits: it is already of unit length.
        if (descriptions.Count == 1) descriptions[0].Embedding.CopyTo(mean, 0);
        else Unit.Normalize(mean);
        Target = mean;
        Understood = understood / descriptions.Count;
    }
}

/// <summary>One description of a class.</summary>
/// <param name="Text">As the player wrote it.</param>
/// <param name="Embedding">Unit length [D]; never changed.</param>
/// <param name="Understood">Share that was understood, 0 to 1.</param>
internal sealed record Description(string Text, float[] Embedding, double Understood);
