namespace OnDeviceLearning.Tests.House;

public sealed class RuntimeSizeTests
{
    [Fact]
    public void The_runtime_stays_under_one_megabyte()
    {
        FileInfo assembly = new(typeof(ComputeDevice).Assembly.Location);
        Assert.True(assembly.Length < 1_000_000, $"{assembly.Name} has {assembly.Length:N0} bytes; the limit is 1,000,000.");
    }
}
