namespace OnDeviceLearning.Demo;

/// <summary>What the game may be played on.</summary>
internal enum GameDevice
{
    /// <summary>The best there is.</summary>
    Best,
    /// <summary>The built-in CPU device, whatever else there is.</summary>
    Cpu,
    /// <summary>A Vulkan device; a software driver where there is no GPU.</summary>
    Vulkan,
    /// <summary>A DirectX 12 device, on Windows.</summary>
    DirectX12,
}
