using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Operations;

public sealed class OperationValidationTests
{
    public static TheoryData<Func<Operation>, string> Misuses => new()
    {
        { () => new MatMul(1, 0, 3, 4), "MatMul: M is 0; expected at least 1." },
        { () => new MatMul(1, 2, 3, 4, Accumulate: true, HasBias: true), "MatMul: what accumulates has neither bias nor residual nor activation." },
        { () => new MatMul(1, 2, 3, 4, Accumulate: true, Activation: ActivationKind.Relu), "MatMul: what accumulates has neither bias nor residual nor activation." },
        { () => new MatMul(1, 2, 3, 4, Activation: (ActivationKind)99), "MatMul: 99 is no activation." },
        { () => new Conv2d(1, 3, 8, 8, 4, 3, 3, Activation: (ActivationKind)99), "Conv2d: 99 is no activation." },
        { () => new Conv2d(1, 3, 8, 8, 4, 3, 3, Stride: 0), "Conv2d: Stride is 0; expected at least 1." },
        { () => new Conv2d(1, 3, 8, 8, 4, 3, 3, Groups: 2), "Conv2d: 2 groups do not divide 3 input and 4 output channels." },
        { () => new Conv2dInputGradient(1, 3, 2, 2, 4, 3, 3), "Conv2dInputGradient: a kernel of 3x3, dilation 1, does not fit an input of 2x2 with padding 0." },
        { () => new Softmax(3, 0), "Softmax: operand 'x' has the shape [3, 0]; every size must be at least 1." },
        { () => new Add(int.MinValue), "Add: operand 'a' has the shape [-2147483648]; every size must be at least 1." },
        { () => new Mean(100_000, 100_000, 1), "Mean: operand 'x' of shape [100000, 100000, 1] has more than 2147483647 elements." },
        { () => new LayerNorm(2, 3, float.NaN), "LayerNorm: Epsilon is NaN; expected a positive number." },
        { () => new MaxPool2d(1, 4, 4, 2, 2, 2), "MaxPool2d: Padding is 2; expected at most half the kernel, 1." },
        { () => new Copy(2, 3, 3, 0, 2, 0, 10, 10), "Copy: TargetStride is 2; expected at least Inner, 3, so that no element is written twice." },
        { () => new Copy(2, 3, 3, 5, 3, 0, 10, 10), "Copy: reads up to element 11 of a source of 10." },
        { () => new SoftmaxCrossEntropy(2, 3, LabelSmoothing: 1), "SoftmaxCrossEntropy: LabelSmoothing is 1; expected 0 to below 1." },
    };

    [Theory]
    [MemberData(nameof(Misuses), DisableDiscoveryEnumeration = true)]
    public void Impossible_sizes_are_refused_with_a_sentence(Func<Operation> create, string message)
    {
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>(create);
        Assert.StartsWith(message, exception.Message);
    }

    [Fact]
    public void Equal_sizes_make_equal_operations() => Assert.Equal(new MatMul(1, 2, 3, 4), new MatMul(1, 2, 3, 4));
}
