namespace OnDeviceLearning.Tests.Gpu;

public sealed class VulkanAttachmentTests
{
    private static readonly VulkanOptions Options = new() { PipelineCacheFolder = "" };

    [VulkanFact]
    public void A_games_own_device_computes_on_a_games_own_buffer()
    {
        float[] values = VulkanPrograms.Numbers();
        using var game = new GameDevice(values);
        for (int round = 0; round < 2; round++) // what is disposed leaves the game's device as it was
        {
            using ComputeDevice device = Vulkan.Attach(game.Attachment, Options);
            using DeviceBuffer x = Vulkan.ImportBuffer(device, game.Buffer, VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
            using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
            program.Run();
            VulkanPrograms.AssertTripled(values, y);
        }
    }

    [VulkanFact]
    public void A_backbone_runs_on_a_games_device()
    {
        using var game = new GameDevice([0]);
        using ComputeDevice device = Vulkan.Attach(game.Attachment, Options);
        using Backbone there = TinyBackbone.Load(device: device), here = TinyBackbone.Load();
        float[] a = new float[TinyBackbone.Width], b = new float[TinyBackbone.Width];
        there.Embed("two stars", a);
        here.Embed("two stars", b);
        for (int i = 0; i < a.Length; i++) Assert.Equal(b[i], a[i], 1e-4f);
    }

    [VulkanFact]
    public void A_queue_family_that_cannot_compute_is_refused_with_a_sentence()
    {
        using var game = new GameDevice([0]);
        VulkanAttachment wrong = game.Attachment with { QueueFamily = 77 };
        Assert.Contains("queue family 77 cannot compute; give a queue of a family with VK_QUEUE_COMPUTE_BIT", Assert.Throws<DeviceException>(() => Vulkan.Attach(wrong, Options)).Message);
        using ComputeDevice device = Vulkan.Attach(game.Attachment, Options); // the refusal left the game's device alone
    }

    [VulkanFact]
    public void What_cannot_be_imported_is_refused_with_a_sentence()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(), cpu = ComputeDevice.OpenCpu();
        Assert.Contains("is not a Vulkan device", Assert.Throws<ArgumentException>(() => Vulkan.ImportBuffer(cpu, 1, 10)).Message);
        Assert.Contains("VK_NULL_HANDLE", Assert.Throws<ArgumentException>(() => Vulkan.ImportBuffer(device, 0, 10)).Message);
        Assert.Contains("length is 0", Assert.Throws<ArgumentException>(() => Vulkan.ImportBuffer(device, 1, 0)).Message);
    }
}
