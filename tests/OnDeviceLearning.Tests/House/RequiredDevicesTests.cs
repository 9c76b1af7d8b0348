namespace OnDeviceLearning.Tests.House;

/// <summary>A device that this machine must have is opened here, so that its tests cannot be skipped unnoticed.</summary>
public sealed class RequiredDevicesTests
{
    [Fact]
    public void Every_required_device_opens()
    {
        string required = Environment.GetEnvironmentVariable("ODL_REQUIRED_DEVICES") ?? "cpu";
        foreach (string name in required.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            ComputeDevice? device = null;
            string reason = "expected cpu, vulkan or directx12";
            bool opened = name switch
            {
                "cpu" => (device = ComputeDevice.OpenCpu()) is not null,
                "vulkan" => Vulkan.Provider.TryOpen(out device, out reason),
                "directx12" => DirectX12.Provider.TryOpen(out device, out reason),
                _ => false,
            };
            device?.Dispose();
            Assert.True(opened, $"ODL_REQUIRED_DEVICES names {name}, which does not open: {reason}.");
        }
    }

    [Fact]
    public void Providers_without_a_device_say_so_and_the_cpu_is_opened()
    {
        using ComputeDevice device = ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider);
        Assert.NotEqual(DeviceKind.SoftwareGpu, device.Kind);
        Assert.Equal("DirectX 12:", device.OpenReport[0][..11]);
        Assert.All(device.OpenReport, line => Assert.Matches("^[^:]+: .{3,}$", line));
    }
}
