namespace OnDeviceLearning.Operations;

/// <summary>An elementwise non-linearity.</summary>
public enum ActivationKind
{
    /// <summary>max(0, x).</summary>
    Relu,
    /// <summary>x * Phi(x), Phi the normal distribution (the exact form, with erf), arXiv 1606.08415.</summary>
    Gelu,
    /// <summary>x * sigmoid(1.702 x), as in CLIP.</summary>
    QuickGelu,
    /// <summary>x * sigmoid(x), arXiv 1702.03118.</summary>
    Silu,
    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,
    /// <summary>tanh(x).</summary>
    Tanh,
}

/// <summary>y = f(x) elementwise; x and y [Length].</summary>
public sealed record Activation(ActivationKind Kind, int Length) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!Enum.IsDefined(Kind)) throw Error($"{Kind} is no activation.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Length), Writes("y", Length)];

    /// <inheritdoc/>
    public override long Flops => (Kind == ActivationKind.Relu ? 1L : 20L) * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], y = operands[1];
        for (int i = 0; i < Length; i++) y[i] = (float)ActivationFunction.Value(Kind, x[i]);
    }
}

/// <summary>The activations in double precision, for references.</summary>
internal static class ActivationFunction
{
    /// <summary>f(x); x where there is no activation.</summary>
    public static double Value(ActivationKind? kind, double x) => kind switch
    {
        null => x,
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.Gelu => 0.5 * x * ErrorFunction.Complement(-x / Math.Sqrt(2)),
        ActivationKind.QuickGelu => x / (1 + Math.Exp(-1.702 * x)),
        ActivationKind.Silu => x / (1 + Math.Exp(-x)),
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ActivationKind.Tanh => Math.Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

/// <summary>
/// dx = dy * f'(x) elementwise; x, dy and dx [Length]. For <see cref="ActivationKind.Relu"/> x may be the output as well:
/// it is positive where the input was.
/// </summary>
public sealed record ActivationGradient(ActivationKind Kind, int Length) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!Enum.IsDefined(Kind)) throw Error($"{Kind} is no activation.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Length), Reads("dy", Length), Writes("dx", Length)];

    /// <inheritdoc/>
    public override long Flops => (Kind == ActivationKind.Relu ? 1L : 30L) * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], dy = operands[1], dx = operands[2];
        for (int i = 0; i < Length; i++) dx[i] = (float)(dy[i] * Slope(Kind, x[i]));
    }

    private static double Slope(ActivationKind kind, double x)
    {
        switch (kind)
        {
            case ActivationKind.Relu:
                return x > 0 ? 1 : 0;
            case ActivationKind.Gelu:
                return 0.5 * ErrorFunction.Complement(-x / Math.Sqrt(2)) + x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);
            case ActivationKind.QuickGelu:
                double q = 1 / (1 + Math.Exp(-1.702 * x));
                return q + 1.702 * x * q * (1 - q);
            case ActivationKind.Silu:
                double s = 1 / (1 + Math.Exp(-x));
                return s + x * s * (1 - s);
            case ActivationKind.Sigmoid:
                double p = 1 / (1 + Math.Exp(-x));
                return p * (1 - p);
            case ActivationKind.Tanh:
                double t = Math.Tanh(x);
                return 1 - t * t;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }
}

/// <summary>The complementary error function in double precision, for references.</summary>
internal static class ErrorFunction
{
    /// <summary>1 - erf(x): power series near zero, Lentz's continued fraction in the tails.</summary>
    public static double Complement(double x)
    {
        double z = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (z < 2)
        {
            double term = x, sum = x;
            for (int n = 1; n < 80; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }
            return 1 - 2 / Math.Sqrt(Math.PI) * sum;
        }
        // erfc(z) = exp(-z^2) / sqrt(pi) * 1 / (z + (1/2) / (z + 1 / (z + (3/2) / (z + ...))))
        double fraction = z;
        for (int n = 100; n >= 1; n--) fraction = z + 0.5 * n / fraction;
        double tail = Math.Exp(-z * z) / (Math.Sqrt(Math.PI) * fraction);
        return x > 0 ? tail : 2 - tail;
    }
}
