namespace OnDeviceLearning.Tests.Gpu;

/// <summary>What opens and what is refused, on Windows and elsewhere.</summary>
public sealed class DirectX12OpeningTests
{
    [Fact]
    public void Off_Windows_it_says_that_it_needs_Windows()
    {
        if (OperatingSystem.IsWindows()) return; // what Windows answers depends on its adapters: below
        Assert.False(DirectX12.Provider.TryOpen(out ComputeDevice? device, out string reason));
        Assert.Null(device);
        Assert.Equal("DirectX 12 needs Windows 10 or later", reason);
        Assert.Equal("DirectX 12 needs Windows 10 or later.", Assert.Throws<DeviceException>(() => DirectX12.Open("WARP")).Message);
        Assert.Throws<DeviceException>(() => DirectX12.Devices());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_blank_name_is_no_name(string name) => Assert.Throws<ArgumentException>(() => DirectX12.Open(name));

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirectX12Options { MemoryCapBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirectX12Options { GpuShare = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirectX12Options { GpuShare = 1.01 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirectX12Options { GpuShare = double.NaN });
        Assert.Throws<ArgumentNullException>(() => DirectX12.ProviderWith(null!));
    }

    [Fact]
    public void What_belongs_to_another_device_is_refused_by_name()
    {
        using ComputeDevice cpu = ComputeDevice.OpenCpu();
        using DeviceBuffer buffer = cpu.Allocate(4);
        Assert.Null(DirectX12.InfoOf(cpu));
        Assert.Contains($"{cpu.Name} is not a DirectX 12 device", Assert.Throws<ArgumentException>(() => DirectX12.ResourceOf(buffer)).Message);
        Assert.Contains($"{cpu.Name} is not a DirectX 12 device", Assert.Throws<ArgumentException>(() => DirectX12.BatchReport(cpu)).Message);
    }

    [DirectX12Fact]
    public void Unnamed_no_software_is_opened()
    {
        bool opened = DirectX12.Provider.TryOpen(out ComputeDevice? device, out string reason);
        using (device)
        {
            Assert.Equal(opened, device is not null);
            Assert.NotEqual(DeviceKind.SoftwareGpu, device?.Kind);
            Assert.NotEmpty(reason);
        }
        Assert.Equal(opened, DirectX12.Devices().Any(d => d.Remark.Length == 0));
    }

    [DirectX12Fact]
    public void Every_usable_adapter_opens_by_its_name_and_WARP_by_that()
    {
        foreach (DirectX12DeviceInfo info in DirectX12.Devices().Where(d => d.IsUsable))
        {
            using ComputeDevice device = DirectX12.Open(info.Name.ToUpperInvariant());
            Assert.Equal(info.Name, device.Name);
            Assert.Equal(info.Kind, device.Kind);
            Assert.Equal(info.MemoryBytes, DirectX12.InfoOf(device)!.MemoryBytes);
        }
        using ComputeDevice warp = DirectX12.Open("warp");
        Assert.Equal(DeviceKind.SoftwareGpu, warp.Kind);
    }

    [DirectX12Fact]
    public void An_unknown_name_is_refused_with_the_list()
    {
        DeviceException error = Assert.Throws<DeviceException>(() => DirectX12.Open("no such adapter"));
        Assert.Contains("no adapter is named 'no such adapter'", error.Message);
        Assert.All(DirectX12.Devices(), d => Assert.Contains(d.Name, error.Message));
    }
}
