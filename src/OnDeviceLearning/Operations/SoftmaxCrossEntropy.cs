namespace OnDeviceLearning.Operations;

/// <summary>
/// Cross-entropy of the softmax of logits [Rows, Classes] against targets (integers) [Rows], with torch's label smoothing
/// and class weights [Classes] where <paramref name="HasClassWeights"/>: loss [1] is the mean weighted by the targets'
/// weights, dlogits [Rows, Classes] its gradient.
/// </summary>
public sealed record SoftmaxCrossEntropy(int Rows, int Classes, float LabelSmoothing = 0, bool HasClassWeights = false) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (LabelSmoothing is not (>= 0 and < 1)) throw Error($"LabelSmoothing is {LabelSmoothing}; expected 0 to below 1.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            Operand logits = Reads("logits", Rows, Classes), targets = Reads("targets", Rows) with { Type = ElementType.Int32 };
            Operand loss = Writes("loss", 1), dlogits = Writes("dlogits", Rows, Classes);
            return HasClassWeights ? [logits, targets, Reads("classWeights", Classes), loss, dlogits] : [logits, targets, loss, dlogits];
        }
    }

    /// <inheritdoc/>
    public override long Flops => 25L * Rows * Classes;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A target is not in 0..Classes-1.</exception>
    public override void Reference(OperandSpans operands)
    {
        Span<int> targets = operands.Int32(1);
        float[] weights = new float[Classes];
        if (HasClassWeights) operands[2].CopyTo(weights);
        else Array.Fill(weights, 1f);
        int outputs = HasClassWeights ? 3 : 2;
        double total = 0, weightSum = 0, loss = 0;
        foreach (float weight in weights) weightSum += weight;
        foreach (int target in targets) total += weights[Embedding.Checked(target, Classes, Name)];
        for (int r = 0; r < Rows; r++)
        {
            Span<float> x = operands[0].Slice(r * Classes, Classes), dx = operands[outputs + 1].Slice(r * Classes, Classes);
            double largest = double.NegativeInfinity, sum = 0;
            foreach (float v in x) largest = Math.Max(largest, v);
            foreach (float v in x) sum += Math.Exp(v - largest);
            double logSum = largest + Math.Log(sum), own = weights[targets[r]], smooth = LabelSmoothing / (double)Classes;
            for (int c = 0; c < Classes; c++)
            {
                // The target distribution puts weight q on class c; the gradient is (sum of q) * p - q.
                double q = smooth * weights[c] + (c == targets[r] ? (1 - LabelSmoothing) * own : 0);
                double mass = smooth * weightSum + (1 - LabelSmoothing) * own;
                loss += q * (logSum - x[c]);
                dx[c] = (float)((mass * Math.Exp(x[c] - logSum) - q) / total);
            }
        }
        operands[outputs][0] = (float)(loss / total);
    }
}
