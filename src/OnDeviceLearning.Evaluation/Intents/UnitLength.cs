using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>Vectors of length 1.</summary>
internal static class UnitLength
{
    /// <summary>The vector divided by its length, in place; zeros stay zeros.</summary>
    public static float[] Of(float[] vector)
    {
        float norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }
}
