using OnDeviceLearning.Conformance;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>
/// Every gradient reference against central differences of its forward reference: for a random direction dy, the
/// derivative of sum(dy * forward(x)) must be what the gradient operation says.
/// </summary>
public sealed class GradientTests
{
    /// <param name="Forward">The operation differentiated.</param>
    /// <param name="Gradient">The operation checked.</param>
    /// <param name="Input">Which forward operand is varied.</param>
    /// <param name="Output">Which forward operand dy belongs to.</param>
    /// <param name="Bind">The gradient's operands from the forward's, dy and an empty one for the result.</param>
    /// <param name="Result">Which gradient operand holds the result.</param>
    public sealed record Check(Operation Forward, Operation Gradient, int Input, int Output, Func<float[][], float[], float[][]> Bind, int Result)
    {
        public override string ToString() => $"{Gradient} by operand {Input}";
    }

    private static IEnumerable<Check> Checks()
    {
        BiasAdd bias = new(3, 4, 5);
        yield return new(bias, new BiasGradient(3, 4, 5), 1, 2, (f, dy) => [dy, New(4)], 1);
        foreach ((int stride, int padding, int dilation, int groups) in ((int, int, int, int)[])[(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 1, 1, 4)])
        {
            Conv2d conv = new(2, 4, 7, 6, 8, 3, 2, stride, padding, dilation, groups);
            yield return new(conv, new Conv2dInputGradient(2, 4, 7, 6, 8, 3, 2, stride, padding, dilation, groups), 0, 2, (f, dy) => [f[1], dy, New(f[0].Length)], 2);
            yield return new(conv, new Conv2dWeightGradient(2, 4, 7, 6, 8, 3, 2, stride, padding, dilation, groups), 1, 2, (f, dy) => [f[0], dy, New(f[1].Length)], 2);
        }
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
            yield return new(new Activation(kind, 40), new ActivationGradient(kind, 40), 0, 1, (f, dy) => [f[0], dy, New(40)], 2);
        LayerNorm layer = new(3, 7);
        yield return new(layer, new LayerNormInputGradient(3, 7), 0, 3, (f, dy) => [f[0], f[1], f[4], dy, New(21)], 4);
        yield return new(layer, new LayerNormAffineGradient(3, 7), 1, 3, (f, dy) => [f[0], f[4], dy, New(7), New(7)], 3);
        yield return new(layer, new LayerNormAffineGradient(3, 7), 2, 3, (f, dy) => [f[0], f[4], dy, New(7), New(7)], 4);
        GroupNorm group = new(2, 6, 5, 3);
        yield return new(group, new GroupNormInputGradient(2, 6, 5, 3), 0, 3, (f, dy) => [f[0], f[1], f[4], dy, New(60)], 4);
        yield return new(group, new GroupNormAffineGradient(2, 6, 5, 3), 1, 3, (f, dy) => [f[0], f[4], dy, New(6), New(6)], 3);
        yield return new(group, new GroupNormAffineGradient(2, 6, 5, 3), 2, 3, (f, dy) => [f[0], f[4], dy, New(6), New(6)], 4);
        BatchNorm batch = new(2, 6, 5);
        yield return new(batch, new BatchNormInputGradient(2, 6, 5), 0, 5, (f, dy) => [f[1], f[4], dy, New(60)], 3);
        yield return new(batch, new BatchNormAffineGradient(2, 6, 5), 1, 5, (f, dy) => [f[0], f[3], f[4], dy, New(6), New(6)], 4);
        yield return new(batch, new BatchNormAffineGradient(2, 6, 5), 2, 5, (f, dy) => [f[0], f[3], f[4], dy, New(6), New(6)], 5);
        yield return new(new MaxPool2d(2, 7, 6, 3, 2, 1), new MaxPool2dGradient(2, 7, 6, 3, 2, 1), 0, 1, (f, dy) => [dy, f[2], New(84)], 2);
        foreach (bool countPadding in (bool[])[true, false])
            yield return new(new AveragePool2d(2, 7, 6, 3, 2, 1, countPadding), new AveragePool2dGradient(2, 7, 6, 3, 2, 1, countPadding), 0, 1, (f, dy) => [dy, New(84)], 1);
        yield return new(new Mean(3, 4, 5), new MeanGradient(3, 4, 5), 0, 1, (f, dy) => [dy, New(60)], 1);
        yield return new(new Embedding(5, 4, 3), new EmbeddingGradient(5, 4, 3), 1, 2, (f, dy) => [f[0], dy, New(12)], 2);
        foreach (bool causal in (bool[])[false, true])
            yield return new(new Attention(2, 5, 2, 3, causal), new AttentionGradient(2, 5, 2, 3, causal), 0, 1, (f, dy) => [f[0], f[2], f[1], dy, New(f[0].Length)], 4);
        yield return new(new Softmax(3, 5), new SoftmaxGradient(3, 5), 0, 1, (f, dy) => [f[1], dy, New(15)], 2);
        yield return new(new L2Normalize(3, 5), new L2NormalizeGradient(3, 5), 0, 1, (f, dy) => [f[1], f[2], dy, New(15)], 3);
        yield return new(new L2Normalize(3, 5, 50), new L2NormalizeGradient(3, 5, 50), 0, 1, (f, dy) => [f[1], f[2], dy, New(15)], 3);

        // c = alpha a b: da = alpha dc b', db = alpha a' dc.
        MatMul product = new(2, 3, 4, 5, Alpha: 0.5f);
        yield return new(product, new MatMul(2, 3, 5, 4, TransposeB: true, Alpha: 0.5f), 0, 2, (f, dy) => [dy, f[1], New(30)], 2);
        yield return new(product, new MatMul(2, 5, 4, 3, TransposeA: true, Alpha: 0.5f), 1, 2, (f, dy) => [f[0], dy, New(40)], 2);
        // The losses carry their gradient as an output.
        yield return new(new SoftmaxCrossEntropy(4, 5), new SoftmaxCrossEntropy(4, 5), 0, 2, (f, dy) => Scaled([f[0], f[1], New(1), New(20)], dy), 3);
        yield return new(new SoftmaxCrossEntropy(4, 5, 0.1f, true), new SoftmaxCrossEntropy(4, 5, 0.1f, true), 0, 3, (f, dy) => Scaled([f[0], f[1], f[2], New(1), New(20)], dy), 4);
        yield return new(new SquaredError(9), new SquaredError(9), 0, 2, (f, dy) => Scaled([f[0], f[1], New(1), New(9)], dy), 3);
    }

    public static TheoryData<string> Names => [.. Checks().Select(c => c.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_is_the_derivative_of_its_forward_operation(string name)
    {
        Check check = Checks().Single(c => c.ToString() == name);
        int[][] bits = check.Forward.Operands.Select(o => new int[o.Length]).ToArray();
        ConformanceInputs.Draw(check.Forward, bits, seed: 5);
        float[][] forward = bits.Select(b => b.Select(BitConverter.Int32BitsToSingle).ToArray()).ToArray();
        // A kink has no derivative: keep the differences on one side of it.
        if (check.Forward is Activation { Kind: ActivationKind.Relu })
            for (int i = 0; i < forward[0].Length; i++) forward[0][i] += forward[0][i] >= 0 ? 0.1f : -0.1f;
        Run(check.Forward, forward);
        Random random = new(7);
        bool isLoss = check.Forward.Operands[check.Output].Length == 1;
        float[] dy = forward[check.Output].Select(_ => isLoss ? 1f : random.NextSingle() * 2 - 1).ToArray();

        float[][] gradient = check.Bind(forward, dy);
        Run(check.Gradient, gradient);
        float[] analytic = gradient[check.Result];

        // Central differences with steps of 2^-6 and half that, extrapolated (Richardson), in double.
        double error = 0, size = 0;
        for (int i = 0; i < analytic.Length; i++)
        {
            double coarse = Difference(check, forward, dy, i, 1 / 64f), fine = Difference(check, forward, dy, i, 1 / 128f);
            double numeric = (4 * fine - coarse) / 3;
            error += (numeric - analytic[i]) * (numeric - analytic[i]);
            size += numeric * numeric;
        }
        Assert.True(Math.Sqrt(error) <= 1e-3 * Math.Sqrt(size) + 1e-6, $"{name}: relative error {Math.Sqrt(error / size):g3}");
        Assert.True(size > 0);
    }

    private static double Difference(Check check, float[][] forward, float[] dy, int element, float step)
    {
        double Loss(float shift)
        {
            float[][] shifted = forward.Select(o => (float[])o.Clone()).ToArray();
            shifted[check.Input][element] += shift;
            Run(check.Forward, shifted);
            double sum = 0;
            for (int i = 0; i < dy.Length; i++) sum += (double)dy[i] * shifted[check.Output][i];
            return sum;
        }

        return (Loss(step) - Loss(-step)) / (2.0 * step);
    }

    private static void Run(Operation operation, float[][] operands)
    {
        int[][] bits = operands.Select(o => o.Select(BitConverter.SingleToInt32Bits).ToArray()).ToArray();
        ConformanceReference.Run(operation, bits);
        for (int i = 0; i < operands.Length; i++)
            for (int e = 0; e < operands[i].Length; e++) operands[i][e] = BitConverter.Int32BitsToSingle(bits[i][e]);
    }

    private static float[] New(int length) => new float[length];

    private static float[][] Scaled(float[][] operands, float[] dy)
    {
        Assert.Equal([1f], dy);
        return operands;
    }
}
