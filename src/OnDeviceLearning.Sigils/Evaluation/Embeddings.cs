using System.Numerics.Tensors;

namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>Unit vectors in one block, compared by cosine.</summary>
internal sealed class Embeddings(int count, int width)
{
    private readonly float[] values = new float[count * width];

    public int Count => count;

    public Span<float> this[int index] => values.AsSpan(index * width, width);

    /// <summary>The vector nearest to <paramref name="query"/> among <paramref name="among"/>; the first of equals.</summary>
    public int Nearest(ReadOnlySpan<float> query, ReadOnlySpan<int> among)
    {
        int best = among[0];
        float highest = float.NegativeInfinity;
        foreach (int candidate in among)
        {
            float cosine = TensorPrimitives.Dot(query, (ReadOnlySpan<float>)this[candidate]);
            if (cosine <= highest) continue;
            highest = cosine;
            best = candidate;
        }
        return best;
    }
}
