namespace OnDeviceLearning.Demo;

/// <summary>The latest milliseconds of something that happens once a frame. Adding allocates nothing.</summary>
internal sealed class Meter
{
    public const int Length = 240;
    private readonly float[] ring = new float[Length];
    private readonly float[] sorted = new float[Length];
    private int next;

    public int Count { get; private set; }

    public float Latest { get; private set; }

    public void Add(double milliseconds)
    {
        ring[next] = Latest = (float)milliseconds;
        next = (next + 1) % Length;
        if (Count < Length) Count++;
    }

    /// <summary>The i-th value, oldest first.</summary>
    public float this[int i] => ring[(next - Count + i + 2 * Length) % Length];

    /// <summary>The value below which a share of the latest lie.</summary>
    public float Percentile(double share)
    {
        if (Count == 0) return 0;
        for (int i = 0; i < Count; i++) sorted[i] = this[i];
        Array.Sort(sorted, 0, Count);
        return sorted[Math.Min(Count - 1, (int)(share * Count))];
    }
}
