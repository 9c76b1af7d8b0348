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

    /// <summary>What learning takes for the description: words of which nothing was understood say nothing, and the class is learnt from its examples alone.</summary>
    public float[]? Evidence => Understood > 0 ? Target : null;

    private float[] sum = []; // [D] of the examples' features, added in their order

    /// <summary>Number of examples.</summary>
    public int Examples { get; private set; }

    /// <summary>Normalised mean [D] of the examples as they were when a head was last published.</summary>
    public float[] Prototype { get; private set; } = [];

    /// <summary>Whether a head was published that was learnt from examples of this class.</summary>
    public bool HasPrototype { get; private set; }

    /// <summary>Counts an example in.</summary>
    public void Add(float[] feature)
    {
        if (sum.Length == 0) (sum, Prototype) = (new float[feature.Length], new float[feature.Length]);
        TensorPrimitives.Add(sum, feature, sum);
        Examples++;
    }

    /// <summary>Counts anew the examples that are left after one was taken away: in their order, for the same bits as ever.</summary>
    public void Recount(IEnumerable<float[]> features)
    {
        Array.Clear(sum);
        Examples = 0;
        foreach (float[] feature in features) Add(feature);
        if (Examples == 0) HasPrototype = false;
    }

    /// <summary>Publishes the mean of the examples; allocates nothing.</summary>
    public void PublishPrototype()
    {
        HasPrototype = Examples > 0;
        if (!HasPrototype) return;
        sum.CopyTo(Prototype, 0);
        Unit.Normalize(Prototype);
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
