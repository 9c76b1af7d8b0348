using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>The dial between what a model was and what it has become: (1-a) theta_0 + a theta_1 (WiSE-FT, arXiv 2109.01903).</summary>
public static class ParameterBlend
{
    /// <summary>
    /// Sets every parameter of <paramref name="target"/> to (1-a) <paramref name="original"/> + a <paramref name="tuned"/>.
    /// Computed on the host: the same bits on every device. At 0 the bits are the original's, at 1 the tuned set's.
    /// </summary>
    /// <param name="original">theta_0.</param>
    /// <param name="tuned">theta_1.</param>
    /// <param name="mix">a, 0 to 1.</param>
    /// <param name="target">Overwritten; may be one of the others.</param>
    /// <exception cref="ArgumentException">The sets are of different graphs, or the mix is outside 0 to 1.</exception>
    public static void Write(ParameterSet original, ParameterSet tuned, float mix, ParameterSet target)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(tuned);
        ArgumentNullException.ThrowIfNull(target);
        if (!ReferenceEquals(original.Graph, tuned.Graph) || !ReferenceEquals(original.Graph, target.Graph))
            throw new ArgumentException("ParameterBlend: the parameters are those of different graphs.", nameof(tuned));
        if (!(mix is >= 0 and <= 1)) throw new ArgumentException($"ParameterBlend: mix is {mix}; expected 0 to 1.", nameof(mix));
        foreach (GraphParameter parameter in original.Graph.Parameters)
        {
            float[] from = new float[parameter.Shape.ElementCount], to = new float[from.Length];
            original.Read(parameter.Name, from);
            tuned.Read(parameter.Name, to);
            Blend(from, to, mix);
            target.Write(parameter.Name, to);
        }
    }

    /// <summary><paramref name="values"/> becomes (1-a) original + a values.</summary>
    internal static void Blend(ReadOnlySpan<float> original, Span<float> values, float mix)
    {
        if (mix == 1) return;
        for (int i = 0; i < values.Length; i++)
            values[i] = mix == 0 ? original[i] : (float)(original[i] + (double)mix * ((double)values[i] - original[i]));
    }
}
