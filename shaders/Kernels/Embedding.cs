using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>y = table[ids], one element a thread; an id outside the table reads its first or last row rather than foreign memory.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Embedding(
    ReadWriteBuffer<int> ids, ReadWriteBuffer<float> table, ReadWriteBuffer<float> y,
    int idsOffset, int tableOffset, int yOffset, int first, int vocabulary, int width) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, id = Hlsl.Clamp(ids[idsOffset + i / width], 0, vocabulary - 1);
        y[yOffset + i] = table[tableOffset + id * width + i % width];
    }
}

/// <summary>
/// dtable += dy by id, without atomics, so that the order of the sum never changes: the threads of a token's first
/// occurrence (x: element of the row, y: token) gather all of its occurrences in order, the others find that they are not
/// the first and stop.
/// </summary>
[ThreadGroupSize(64, 4, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct EmbeddingGradient(
    ReadWriteBuffer<int> ids, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dtable,
    int idsOffset, int dyOffset, int dtableOffset, int firstToken, int count, int vocabulary, int width) : IComputeShader
{
    public void Execute()
    {
        int column = ThreadIds.X, token = firstToken + ThreadIds.Y, id = ids[idsOffset + token];
        for (int earlier = 0; earlier < token; earlier++)
        {
            if (ids[idsOffset + earlier] == id) return;
        }
        float sum = 0;
        for (int later = token; later < count; later++)
        {
            if (ids[idsOffset + later] == id) sum += dy[dyOffset + later * width + column];
        }
        if (id >= 0 && id < vocabulary) dtable[dtableOffset + id * width + column] += sum;
    }
}
