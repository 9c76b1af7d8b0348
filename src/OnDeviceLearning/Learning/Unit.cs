using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

/// <summary>Vectors of length one.</summary>
internal static class Unit
{
    /// <summary>Scales a vector to length one; one that is (nearly) zero is left alone.</summary>
    public static void Normalize(Span<float> vector)
    {
        float norm = TensorPrimitives.Norm<float>(vector);
        if (norm > 1e-12f) TensorPrimitives.Divide(vector, norm, vector);
    }
}
