using System.Runtime.Intrinsics;

namespace OnDeviceLearning.Tests.House;

/// <summary>
/// The tests are run again with SIMD levels switched off. A switch that a newer runtime no longer knows would make those
/// runs repeat the first one unnoticed, so the caller says how wide a vector may be at most.
/// </summary>
public sealed class SimdLevelTests
{
    [Fact]
    public void The_widest_vector_is_as_the_caller_expects()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("ODL_WIDEST_VECTOR"), out int expected)) return;
        int widest = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
        Assert.True(widest <= expected, $"vectors of {widest} bits are on; expected at most {expected}.");
    }
}
