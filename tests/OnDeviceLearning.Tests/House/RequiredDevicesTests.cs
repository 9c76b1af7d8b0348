namespace OnDeviceLearning.Tests.House;

/// <summary>A device that this machine must have is opened here, so that its tests cannot be skipped unnoticed.</summary>
public sealed class RequiredDevicesTests
{
    [Fact]
    public void Every_required_device_opens()
    {
        foreach (string name in TestDevices.Required)
        {
            ComputeDevice? device = null;
            string reason = "expected cpu, vulkan or directx12";
            bool opened = name switch
            {
                "cpu" => (device = ComputeDevice.OpenCpu()) is not null,
                "vulkan" => (device = TestDevices.OpenVulkan()) is not null, // a software driver will do
                "directx12" => (device = TestDevices.OpenDirectX12()) is not null, // WARP will do
                _ => false,
            };
            device?.Dispose();
            Assert.True(opened, $"ODL_REQUIRED_DEVICES names {name}, which does not open: {reason}.");
        }
    }

    [Fact]
    public void Providers_without_a_device_say_so_and_the_next_is_asked()
    {
        using ComputeDevice device = ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider);
        Assert.NotEqual(DeviceKind.SoftwareGpu, device.Kind);
        Assert.Equal("DirectX 12:", device.OpenReport[0][..11]);
        Assert.All(device.OpenReport, line => Assert.Matches("^[^:]+: .{3,}$", line));
    }
}
