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
/// For each token whether it is the first one of its id, and which is the next one (count where there is none):
/// links [count, 2], one token a thread.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct EmbeddingLinks(
    ReadWriteBuffer<int> ids, ReadWriteBuffer<int> links, int idsOffset, int linksOffset, int first, int count) : IComputeShader
{
    public void Execute()
    {
        int token = first + ThreadIds.X, id = ids[idsOffset + token], isFirst = 1, next = token + 1;
        for (int earlier = 0; earlier < token && isFirst == 1; earlier++)
        {
            if (ids[idsOffset + earlier] == id) isFirst = 0;
        }
        for (; next < count; next++)
        {
            if (ids[idsOffset + next] == id) break;
        }
        links[linksOffset + 2 * token] = isFirst;
        links[linksOffset + 2 * token + 1] = next;
    }
}

/// <summary>
/// dtable += dy by id, without atomics, so that the order of the sum never changes: the threads of an id's first token
/// (x: element of the row, y: token) follow the links to all of its tokens.
/// </summary>
[ThreadGroupSize(64, 4, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct EmbeddingGradient(
    ReadWriteBuffer<int> ids, ReadWriteBuffer<int> links, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dtable,
    int idsOffset, int linksOffset, int dyOffset, int dtableOffset, int firstX, int firstY, int count, int vocabulary, int width) : IComputeShader
{
    public void Execute()
    {
        int lane = GroupIds.X, slot = GroupIds.Y, gridX = GridIds.X, gridY = GridIds.Y, column = (firstX + gridX) * 64 + lane, token = (firstY + gridY) * 4 + slot;
        if (column >= width || token >= count) return;
        int id = ids[idsOffset + token];
        if (links[linksOffset + 2 * token] == 0 || id < 0 || id >= vocabulary) return;
        float sum = 0;
        for (int t = token; t < count; t = links[linksOffset + 2 * t + 1]) sum += dy[dyOffset + t * width + column];
        dtable[dtableOffset + id * width + column] += sum;
    }
}
