using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>y = x, both [Length], by the kernel that moves memory and does nothing else: to measure what a device copies at most.</summary>
internal sealed record StreamCopy(int Length) : Operation
{
    public override IReadOnlyList<Operand> Operands => [new("x", Length, OperandAccess.Read), new("y", Length, OperandAccess.Write)];

    public override long Flops => 0;

    public override void Reference(OperandSpans operands) => operands[0].CopyTo(operands[1]);

    protected override void Validate() => AtLeast(1, Length);
}
