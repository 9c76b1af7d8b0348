using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>How much memory a device may take, and in what pieces.</summary>
/// <param name="Device">The device's name, for errors.</param>
/// <param name="CapBytes">The most of all blocks together.</param>
/// <param name="CapReason">Where the cap comes from, as words for an error.</param>
/// <param name="MaxBlockBytes">The largest block: what one binding can reach, and one allocation can hold.</param>
/// <param name="MaxBlocks">The most blocks: drivers allow a limited number of allocations.</param>
internal sealed record GpuMemoryLimits(string Device, long CapBytes, string CapReason, long MaxBlockBytes, int MaxBlocks);

/// <summary>
/// Gives out ranges of blocks: the smallest free range that fits, neighbours joined when freed. Blocks are created by the
/// device, the cap is checked before. Safe from any thread.
/// </summary>
internal sealed class GpuMemory(GpuMemoryLimits limits, Func<ElementType, int, GpuBlock> create, Action<GpuBlock> destroy)
{
    // 256 bytes: the coarsest alignment that a driver may ask of a range.
    private const int Alignment = 64;
    private const int FloatBlock = 4 << 20, IntegerBlock = 1 << 16; // elements

    private sealed class Arena(GpuBlock block)
    {
        public GpuBlock Block => block;

        /// <summary>By offset; never two that touch.</summary>
        public List<(int Offset, int Length)> Free { get; } = [(0, block.Length)];

        public bool IsEmpty => Free.Count == 1 && Free[0].Length == block.Length;
    }

    private readonly object gate = new();
    private readonly List<Arena> arenas = [];

    /// <summary>Bytes of all blocks.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
            {
                long bytes = 0;
                foreach (Arena arena in arenas) bytes += arena.Block.Bytes;
                return bytes;
            }
        }
    }

    /// <summary>A range for <paramref name="length"/> elements; what is in it is undefined.</summary>
    /// <exception cref="DeviceException">It would go beyond a limit; nothing was allocated.</exception>
    public (GpuBlock Block, int Offset) Allocate(int length, ElementType type)
    {
        long size = Aligned(length);
        lock (gate)
        {
            if (Find(type, size) is not var (arena, index)) (arena, index) = (Grow(type, size), 0);
            (int offset, int free) = arena.Free[index];
            if (free == size) arena.Free.RemoveAt(index);
            else arena.Free[index] = (offset + (int)size, free - (int)size);
            return (arena.Block, offset);
        }
    }

    /// <summary>Gives a range back.</summary>
    public void Free(GpuBlock block, int offset, int length)
    {
        lock (gate)
        {
            Arena? arena = arenas.Find(a => ReferenceEquals(a.Block, block));
            if (arena is null) return; // the device is disposed, and its blocks with it
            int size = (int)Aligned(length), index = 0;
            while (index < arena.Free.Count && arena.Free[index].Offset < offset) index++;
            arena.Free.Insert(index, (offset, size));
            Join(arena.Free, index);
            if (index > 0) Join(arena.Free, index - 1);
            // One empty block of a type is kept for whoever comes next.
            if (!arena.IsEmpty || !arenas.Exists(a => a != arena && a.Block.Type == block.Type && a.IsEmpty)) return;
            arenas.Remove(arena);
            destroy(block);
        }
    }

    /// <summary>Destroys all blocks.</summary>
    public void Clear()
    {
        lock (gate)
        {
            foreach (Arena arena in arenas) destroy(arena.Block);
            arenas.Clear();
        }
    }

    private (Arena Arena, int Index)? Find(ElementType type, long size)
    {
        (Arena, int)? best = null;
        long bestLength = long.MaxValue;
        foreach (Arena arena in arenas)
        {
            if (arena.Block.Type != type) continue;
            for (int i = 0; i < arena.Free.Count; i++)
                if (arena.Free[i].Length >= size && arena.Free[i].Length < bestLength)
                    (best, bestLength) = ((arena, i), arena.Free[i].Length);
        }
        return best;
    }

    private Arena Grow(ElementType type, long size)
    {
        if (4 * size > limits.MaxBlockBytes)
            throw new DeviceException($"{limits.Device}: one buffer of {Mebibytes(4 * size)} is needed; the device can bind {Mebibytes(limits.MaxBlockBytes)}. Use a smaller batch, or the CPU device.");
        // Blocks that are kept empty for whoever comes next must not stand in anybody's way.
        if (4 * size > limits.CapBytes - Bytes || arenas.Count == limits.MaxBlocks)
            foreach (Arena empty in arenas.FindAll(a => a.IsEmpty))
            {
                arenas.Remove(empty);
                destroy(empty.Block);
            }
        long taken = Bytes, left = limits.CapBytes - taken;
        if (4 * size > left)
        {
            throw new DeviceException(
                $"{limits.Device}: {Mebibytes(4 * size)} more are needed, beside {Mebibytes(taken)} already taken; the cap is {Mebibytes(limits.CapBytes)} ({limits.CapReason}). "
                + "Use a smaller batch, dispose programs and backbones that are no longer used, or raise the cap.");
        }
        if (arenas.Count == limits.MaxBlocks)
            throw new DeviceException($"{limits.Device}: {arenas.Count} blocks of memory are allocated, the most this driver allows. Dispose programs and backbones that are no longer used.");
        long wanted = type == ElementType.Float32 ? FloatBlock : IntegerBlock;
        long length = Math.Max(size, Math.Min(wanted, Math.Min(left, limits.MaxBlockBytes) / 4 / Alignment * Alignment));
        var arena = new Arena(create(type, (int)length));
        arenas.Add(arena);
        return arena;
    }

    private static void Join(List<(int Offset, int Length)> free, int index)
    {
        if (index + 1 >= free.Count || free[index].Offset + free[index].Length != free[index + 1].Offset) return;
        free[index] = (free[index].Offset, free[index].Length + free[index + 1].Length);
        free.RemoveAt(index + 1);
    }

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static string Mebibytes(long bytes) => FormattableString.Invariant($"{bytes / (double)(1 << 20):0.##} MiB");
}
