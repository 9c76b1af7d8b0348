using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// y = eight chains of v = v * factor + term on four values each, added up; x [2] holds factor and term, y [Length]. To
/// measure what a device computes at most.
/// </summary>
internal sealed record FmaChain(int Length, int Rounds) : Operation
{
    private const int Chains = 8, Width = 4, StepsPerRound = 8; // as the kernel has it

    public override IReadOnlyList<Operand> Operands => [new("x", 2, OperandAccess.Read), new("y", Length, OperandAccess.Write)];

    public override long Flops => 2L * Chains * Width * StepsPerRound * Rounds * Length;

    public override void Reference(OperandSpans operands)
    {
        float factor = operands[0][0], term = operands[0][1], sum = 0;
        for (int chain = 0; chain < Chains; chain++)
        {
            float value = chain / (float)Chains;
            for (int step = 0; step < StepsPerRound * Rounds; step++) value = value * factor + term;
            sum += Width * value;
        }
        operands[1].Fill(sum);
    }

    protected override void Validate()
    {
        AtLeast(1, Length);
        AtLeast(1, Rounds);
    }
}
