using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

/// <summary>
/// Draws an operation's inputs: normal numbers, except where an operand means something (an index, a variance, a rate) or
/// belongs to another (the statistics of a forward pass).
/// </summary>
internal static class ConformanceInputs
{
    /// <summary>Fills <paramref name="operands"/>, one array an operand, integers as their bits.</summary>
    public static void Draw(Operation operation, int[][] operands, int seed)
    {
        Random random = new(seed);
        IReadOnlyList<Operand> declared = operation.Operands;
        for (int i = 0; i < operands.Length; i++)
            for (int e = 0; e < operands[i].Length; e++)
                operands[i][e] = declared[i].Type == ElementType.Float32 ? Bits(Normal(random)) : 0;

        switch (operation)
        {
            case BatchNorm:
                Each(operands[4], () => 0.5 + random.NextDouble());
                break;
            case BatchNormInputGradient:
                Each(operands[1], () => 0.5 + random.NextDouble());
                break;
            case BatchNormAffineGradient:
                Each(operands[2], () => 0.5 + random.NextDouble());
                break;
            case LayerNormInputGradient or GroupNormInputGradient:
                Statistics(operands[2], random);
                break;
            case LayerNormAffineGradient or GroupNormAffineGradient:
                Statistics(operands[1], random);
                break;
            case Embedding op:
                Integers(operands[0], random, op.Vocabulary);
                break;
            case EmbeddingGradient op:
                Integers(operands[0], random, op.Vocabulary);
                break;
            case SoftmaxCrossEntropy op:
                Integers(operands[1], random, op.Classes);
                if (op.HasClassWeights) Each(operands[2], () => 0.2 + random.NextDouble());
                break;
            case MaxPool2dGradient op:
                int[][] pool = Forward(new MaxPool2d(op.Planes, op.H, op.W, op.Kernel, op.Stride, op.Padding), seed);
                operands[1] = pool[2];
                break;
            case AttentionGradient op:
                int[][] attention = Forward(new Attention(op.N, op.L, op.Heads, op.HeadWidth, op.Causal), seed);
                (operands[0], operands[1], operands[2]) = (attention[0], attention[2], attention[1]);
                break;
            case SoftmaxGradient op:
                operands[0] = Forward(new Softmax(op.Rows, op.Width), seed)[1];
                break;
            case L2NormalizeGradient op:
                int[][] normalized = Forward(new L2Normalize(op.Rows, op.Width, op.Epsilon), seed);
                (operands[0], operands[1]) = (normalized[1], normalized[2]);
                break;
            case SgdStep:
                operands[3] = [Bits(0.1f), Bits(0.9f), Bits(0.01f)];
                break;
            case AdamWStep:
                Each(operands[3], () => random.NextDouble());
                operands[4] = [Bits(0.01f), Bits(0.9f), Bits(0.999f), Bits(1e-8f), Bits(0.05f), Bits(1 - 0.729f), Bits(0.002997f)];
                break;
            case SquaredNorm:
                Each(operands[1], () => random.NextDouble());
                break;
            case ClipScale:
                Each(operands[1], () => 4);
                Each(operands[2], () => 1);
                break;
        }
    }

    private static int[][] Forward(Operation operation, int seed)
    {
        int[][] operands = operation.Operands.Select(o => new int[o.Length]).ToArray();
        Draw(operation, operands, seed);
        ConformanceReference.Run(operation, operands);
        return operands;
    }

    private static void Statistics(int[] statistics, Random random)
    {
        for (int i = 0; i < statistics.Length; i += 2)
        {
            statistics[i] = Bits(0.3f * Normal(random));
            statistics[i + 1] = Bits(0.5f + random.NextSingle());
        }
    }

    private static void Each(int[] operand, Func<double> value)
    {
        for (int i = 0; i < operand.Length; i++) operand[i] = Bits((float)value());
    }

    private static void Integers(int[] operand, Random random, int count)
    {
        for (int i = 0; i < operand.Length; i++) operand[i] = random.Next(count);
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);
}
