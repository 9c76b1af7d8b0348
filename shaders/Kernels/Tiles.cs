using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>What the tiled products share.</summary>
internal static class Tiles
{
    /// <summary>
    /// One of a thread's four rows of results: with it the results are stored in a loop, and the code of the epilogue, which
    /// every compiler inlines, is there once and not once a result.
    /// </summary>
    public static Float4 Pick(int i, Float4 first, Float4 second, Float4 third, Float4 fourth)
    {
        Float4 picked = first;
        if (i == 1) picked = second;
        if (i == 2) picked = third;
        if (i == 3) picked = fourth;
        return picked;
    }
}
