namespace OnDeviceLearning.Tests;

/// <summary>The devices tests run on. One that is absent skips its tests with the reason, or fails them where ODL_REQUIRED_DEVICES names it.</summary>
internal static class TestDevices
{
    private static readonly Lazy<(string? Name, string Reason)> vulkan = new(FindVulkan), directX12 = new(FindDirectX12);

    public static IReadOnlyList<string> Required { get; } =
        (Environment.GetEnvironmentVariable("ODL_REQUIRED_DEVICES") ?? "cpu").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Why tests of the Vulkan device are skipped; null where they run.</summary>
    public static string? WhyNoVulkan => vulkan.Value.Name is null && !Required.Contains("vulkan") ? $"no Vulkan device: {vulkan.Value.Reason}" : null;

    /// <summary>Why tests under the validation layer are skipped; null where they run.</summary>
    public static string? WhyNoValidation => WhyNoVulkan ?? (HasValidation.Value || Required.Contains("vulkan") ? null : "the Vulkan validation layer is not installed");

    /// <summary>Why tests of the DirectX 12 device are skipped; null where they run.</summary>
    public static string? WhyNoDirectX12 => directX12.Value.Name is null && !Required.Contains("directx12") ? $"no DirectX 12 device: {directX12.Value.Reason}" : null;

    /// <summary>The best DirectX 12 device, or WARP where there is no other.</summary>
    public static ComputeDevice OpenDirectX12(DirectX12Options? options = null)
    {
        (string? name, string reason) = directX12.Value;
        Assert.True(name is not null, reason);
        return DirectX12.Open(name, options);
    }

    /// <summary>The best Vulkan device, or a software one where there is no other. Compiled pipelines are not kept.</summary>
    public static ComputeDevice OpenVulkan(VulkanOptions? options = null)
    {
        (string? name, string reason) = vulkan.Value;
        Assert.True(name is not null, reason);
        return Vulkan.Open(name, options ?? new VulkanOptions { PipelineCacheFolder = "" });
    }

    private static readonly Lazy<bool> HasValidation = new(static () =>
    {
        try
        {
            return Vulkan.Devices(new VulkanOptions { Validation = true }).Count > 0;
        }
        catch (DeviceException)
        {
            return false;
        }
    });

    private static (string?, string) FindDirectX12()
    {
        try
        {
            IReadOnlyList<DirectX12DeviceInfo> all = DirectX12.Devices();
            DirectX12DeviceInfo? best = all.FirstOrDefault(d => d.IsUsable && d.Remark.Length == 0) ?? all.FirstOrDefault(d => d.IsUsable);
            return (best?.Name, string.Join("; ", all.Select(d => $"{d.Name}: {d.Remark}")));
        }
        catch (DeviceException e)
        {
            return (null, e.Message);
        }
    }

    private static (string?, string) FindVulkan()
    {
        try
        {
            IReadOnlyList<VulkanDeviceInfo> all = Vulkan.Devices();
            VulkanDeviceInfo? best = all.FirstOrDefault(d => d.IsUsable && d.Remark.Length == 0) ?? all.FirstOrDefault(d => d.IsUsable);
            return (best?.Name, all.Count == 0 ? "no driver offers one" : string.Join("; ", all.Select(d => $"{d.Name}: {d.Remark}")));
        }
        catch (DeviceException e)
        {
            return (null, e.Message);
        }
    }
}

/// <summary>A test that needs a DirectX 12 device.</summary>
public sealed class DirectX12FactAttribute : FactAttribute
{
    public DirectX12FactAttribute() => Skip = TestDevices.WhyNoDirectX12;
}

/// <summary>A theory that needs a DirectX 12 device.</summary>
public sealed class DirectX12TheoryAttribute : TheoryAttribute
{
    public DirectX12TheoryAttribute() => Skip = TestDevices.WhyNoDirectX12;
}

/// <summary>A test that needs a Vulkan device.</summary>
public sealed class VulkanFactAttribute : FactAttribute
{
    public VulkanFactAttribute() => Skip = TestDevices.WhyNoVulkan;
}

/// <summary>A theory that needs a Vulkan device.</summary>
public sealed class VulkanTheoryAttribute : TheoryAttribute
{
    public VulkanTheoryAttribute() => Skip = TestDevices.WhyNoVulkan;
}

/// <summary>A test that needs a Vulkan device and the validation layer.</summary>
public sealed class ValidatedVulkanFactAttribute : FactAttribute
{
    public ValidatedVulkanFactAttribute() => Skip = TestDevices.WhyNoValidation;
}
