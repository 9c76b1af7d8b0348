using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

public sealed class GpuMemoryTests
{
    private static FakeGpu Open(long cap) => new([], _ => throw new NotSupportedException(), cap);

    [Fact]
    public void Buffers_never_overlap_whatever_is_freed_in_between()
    {
        using FakeGpu device = Open(64 << 20);
        var random = new Random(5);
        List<GpuBuffer> alive = [];
        for (int i = 0; i < 2000; i++)
        {
            if (alive.Count > 0 && random.Next(2) == 0)
            {
                int at = random.Next(alive.Count);
                alive[at].Dispose();
                alive.RemoveAt(at);
            }
            else
            {
                alive.Add((GpuBuffer)device.Allocate(1 + random.Next(50_000), random.Next(4) == 0 ? ElementType.Int32 : ElementType.Float32));
            }
        }
        foreach (GpuBuffer a in alive)
        {
            Assert.InRange(a.Offset, 0, a.Block.Length - a.Length);
            Assert.Equal(a.Type, a.Block.Type);
            Assert.DoesNotContain(alive, b => b != a && b.Block == a.Block && a.Offset < b.Offset + b.Length && b.Offset < a.Offset + a.Length);
        }
        foreach (GpuBuffer buffer in alive) buffer.Dispose();
        Assert.InRange(device.Blocks.Count, 1, 2); // one of each type is kept
        // All that was freed is one range again.
        GpuBuffer whole = (GpuBuffer)device.Allocate(device.Blocks.First(b => b.Type == ElementType.Float32).Length);
        Assert.Equal(0, whole.Offset);
    }

    [Fact]
    public void Memory_is_zeroed_also_where_it_was_used_before()
    {
        using FakeGpu device = Open(64 << 20);
        DeviceBuffer first = device.Allocate(100);
        first.Write(Enumerable.Repeat(3f, 100).ToArray());
        first.Dispose();
        float[] read = new float[100];
        device.Allocate(100).Read(read);
        Assert.All(read, v => Assert.Equal(0, v));
    }

    [Fact]
    public void The_cap_is_checked_before_allocating_and_the_error_says_what_would_help()
    {
        using FakeGpu device = Open(20 << 20);
        DeviceBuffer kept = device.Allocate(3 << 20); // 12 MiB of a block of 16
        DeviceException error = Assert.Throws<DeviceException>(() => device.Allocate(2 << 20));
        Assert.Equal(
            "Fake: 8 MiB more are needed, beside 16 MiB already taken; the cap is 20 MiB (as the test has it). "
            + "Use a smaller batch, dispose programs and backbones that are no longer used, or raise the cap.", error.Message);
        Assert.Single(device.Blocks);
        kept.Dispose();
        device.Allocate(2 << 20);
        Assert.Contains("the device can bind 128 MiB", Assert.Throws<DeviceException>(() => Open(1L << 40).Allocate((32 << 20) + 1)).Message);
    }

    [Fact]
    public void There_are_never_more_blocks_than_the_driver_allows()
    {
        using FakeGpu device = Open(1L << 40);
        for (int i = 0; i < 16; i++) device.Allocate(5 << 20);
        Assert.Contains("16 blocks", Assert.Throws<DeviceException>(() => device.Allocate(5 << 20)).Message);
    }
}
