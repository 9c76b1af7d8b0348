using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>How a product ends: f(Alpha * sum + bias + residual), or added to what is there. Bias and Residual are operands, -1 for none.</summary>
internal readonly record struct Epilogue(int Bias, int Residual, ActivationKind? Kind, float Alpha = 1, bool Accumulate = false)
{
    /// <summary>The plain sum, as the parts of a split write it.</summary>
    public static Epilogue None { get; } = new(-1, -1, null);

    public bool HasBias => Bias >= 0;

    public bool HasResidual => Residual >= 0;

    /// <summary>As kernels count it, -1 for none.</summary>
    public int Activation => Kind is { } kind ? (int)kind : -1;

    // A kernel binds all of its buffers; what it will not read is bound to something that is there.
    public int BiasOr(int other) => HasBias ? Bias : other;

    public int ResidualOr(int other) => HasResidual ? Residual : other;

    public SplitSum AsSplitSum(int biasInner, int biasCount) => new()
    {
        Alpha = Alpha,
        Accumulate = Accumulate,
        Bias = Bias,
        BiasInner = biasInner,
        BiasCount = biasCount,
        Residual = Residual,
        Activation = Activation,
    };
}
