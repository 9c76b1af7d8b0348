namespace OnDeviceLearning.Operations;

/// <summary>Looks rows up: ids (integers) [Count], table [Vocabulary, Width], y [Count, Width].</summary>
public sealed record Embedding(int Count, int Vocabulary, int Width) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("ids", Count) with { Type = ElementType.Int32 }, Reads("table", Vocabulary, Width), Writes("y", Count, Width)];

    /// <inheritdoc/>
    public override long Flops => 0;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An id is not in 0..Vocabulary-1.</exception>
    public override void Reference(OperandSpans operands)
    {
        Span<int> ids = operands.Int32(0);
        Span<float> table = operands[1], y = operands[2];
        for (int i = 0; i < Count; i++) table.Slice(Checked(ids[i], Vocabulary, Name) * Width, Width).CopyTo(y[(i * Width)..]);
    }

    internal static int Checked(int id, int count, string operation) => (uint)id < (uint)count
        ? id
        : throw new ArgumentException($"{operation}: id {id} is not in 0..{count - 1}.");
}

/// <summary>Gradient of <see cref="Embedding"/> for its table, which accumulates: ids [Count], dy [Count, Width], dtable [Vocabulary, Width].</summary>
public sealed record EmbeddingGradient(int Count, int Vocabulary, int Width) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("ids", Count) with { Type = ElementType.Int32 }, Reads("dy", Count, Width), Updates("dtable", Vocabulary, Width)];

    /// <inheritdoc/>
    public override long Flops => (long)Count * Width;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An id is not in 0..Vocabulary-1.</exception>
    public override void Reference(OperandSpans operands)
    {
        Span<int> ids = operands.Int32(0);
        Span<float> dy = operands[1], dtable = operands[2];
        for (int i = 0; i < Count; i++)
            for (int d = 0; d < Width; d++) dtable[Embedding.Checked(ids[i], Vocabulary, Name) * Width + d] += dy[i * Width + d];
    }
}
