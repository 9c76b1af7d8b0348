using System.Runtime.InteropServices;
using OnDeviceLearning.Devices.Vulkan;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>A game's images as operands, held against the same pixels read on the host.</summary>
public sealed class VulkanImageTests
{
    public static TheoryData<VulkanImageFormat, VulkanImageLayout, int, int, bool> Images => new()
    {
        { VulkanImageFormat.R8Unorm, VulkanImageLayout.General, 67, 41, false }, // no multiple of four bytes
        { VulkanImageFormat.R8Unorm, VulkanImageLayout.ShaderReadOnlyOptimal, 64, 64, true }, // the target's own size
        { VulkanImageFormat.R8G8B8A8Unorm, VulkanImageLayout.ShaderReadOnlyOptimal, 300, 200, true },
        { VulkanImageFormat.R8G8B8A8Srgb, VulkanImageLayout.TransferSourceOptimal, 31, 7, false },
        { VulkanImageFormat.B8G8R8A8Unorm, VulkanImageLayout.ColorAttachmentOptimal, 1, 1, false },
        { VulkanImageFormat.B8G8R8A8Srgb, VulkanImageLayout.TransferDestinationOptimal, 129, 640, true },
        { VulkanImageFormat.R32Float, VulkanImageLayout.General, 100, 90, false },
    };

    [VulkanTheory]
    [MemberData(nameof(Images))]
    public void An_image_is_read_as_the_host_reads_it(VulkanImageFormat format, VulkanImageLayout layout, int width, int height, bool darkIsInk)
    {
        const int side = 64;
        using ComputeDevice device = TestDevices.OpenVulkan();
        using var game = new GameImage((VulkanDevice)device, format, width, height, layout);
        using DeviceBuffer target = device.Allocate(side * side + 10);
        using VulkanImageInput input = Vulkan.ImportImage(device, game.Described with { DarkIsInk = darkIsInk }, new BufferRange(target, 5, side * side), side, side);
        float[] read = new float[target.Length], expected = new float[side * side];
        for (int round = 0; round < 3; round++) // the game draws again, from the layout that it was left
        {
            byte[] pixels = Pixels(format, width, height, round);
            game.Fill(pixels);
            Assert.True(input.Update());
            target.Read(read);
            HostRead(format, width, height, pixels, darkIsInk).Resize(side, side, expected);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], read[i + 5], 2e-6f);
            Assert.All(read.Take(5).Concat(read.TakeLast(5)), v => Assert.Equal(0, v));
            while (!input.Update()) { } // unchanged, and as often as one likes
        }
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [VulkanFact]
    public void A_program_on_a_games_device_reads_what_the_image_shows()
    {
        using var game = new GameDevice([0]);
        using ComputeDevice device = Vulkan.Attach(game.Attachment, new VulkanOptions { PipelineCacheFolder = "" });
        using var image = new GameImage((VulkanDevice)device, VulkanImageFormat.R8G8B8A8Unorm, 100, 50, VulkanImageLayout.ShaderReadOnlyOptimal);
        using DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using VulkanImageInput input = Vulkan.ImportImage(device, image.Described, x, 100, 50);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        byte[] pixels = Pixels(VulkanImageFormat.R8G8B8A8Unorm, 100, 50, 7);
        image.Fill(pixels);
        Assert.True(input.Update());
        program.Run();
        float[] read = new float[VulkanPrograms.Length];
        y.Read(read);
        ReadOnlySpan<float> expected = HostRead(VulkanImageFormat.R8G8B8A8Unorm, 100, 50, pixels, false).Pixels.Span;
        for (int i = 0; i < read.Length; i++) Assert.Equal(3 * expected[i], read[i], 6e-6f);
    }

    [VulkanFact]
    public void Updates_allocate_nothing()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { PipelineCacheFolder = "", Validation = false });
        using var game = new GameImage((VulkanDevice)device, VulkanImageFormat.R8Unorm, 64, 64, VulkanImageLayout.General);
        game.Fill(new byte[64 * 64]);
        using DeviceBuffer target = device.Allocate(32 * 32);
        using VulkanImageInput input = Vulkan.ImportImage(device, game.Described, target, 32, 32);
        for (int i = 0; i < 20; i++) Settle();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 50; i++) Settle();
        }));

        void Settle()
        {
            while (!input.Update()) Thread.Yield();
        }
    }

    [VulkanFact]
    public void What_cannot_be_imported_is_refused_with_a_sentence()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(), cpu = ComputeDevice.OpenCpu();
        using DeviceBuffer target = device.Allocate(64), elsewhere = cpu.Allocate(64);
        var image = new VulkanImage(1, VulkanImageFormat.R8Unorm, 8, 8, VulkanImageLayout.General);
        Refused("is not a Vulkan device", () => Vulkan.ImportImage(cpu, image, elsewhere, 8, 8));
        Refused("VK_NULL_HANDLE", () => Vulkan.ImportImage(device, image with { Image = 0 }, target, 8, 8));
        Refused("the format is VkFormat 97; expected one of R8Unorm", () => Vulkan.ImportImage(device, image with { Format = (VulkanImageFormat)97 }, target, 8, 8));
        Refused("the layout is VkImageLayout 0; expected one of General", () => Vulkan.ImportImage(device, image with { Layout = 0 }, target, 8, 8));
        Refused("the image's width is 8193; expected 1 to 8192", () => Vulkan.ImportImage(device, image with { Width = 8193 }, target, 8, 8));
        Refused("height is 0; expected 1 to 8192", () => Vulkan.ImportImage(device, image, target, 8, 0));
        Refused("the target has 64 elements; expected 72 for 8x9", () => Vulkan.ImportImage(device, image, target, 8, 9));
        Refused("the target does not lie on", () => Vulkan.ImportImage(device, image, elsewhere, 8, 8));

        static void Refused(string part, Action import) => Assert.Contains(part, Assert.Throws<ArgumentException>(import).Message);
    }

    [VulkanTheory]
    [InlineData(5, 3, 20, 40)] // stretched
    [InlineData(500, 300, 20, 1)]
    [InlineData(33, 33, 33, 33)]
    public void The_kernel_agrees_with_its_reference(int width, int height, int targetWidth, int targetHeight)
    {
        using ComputeDevice device = TestDevices.OpenVulkan(), cpu = ComputeDevice.OpenCpu(); // which computes by the reference
        foreach (PixelFormat format in Enum.GetValues<PixelFormat>())
        {
            var operation = new ImageToGrey(width, height, targetWidth, targetHeight, format, DarkIsInk: true);
            var random = new Random(5);
            int[] words = [.. Enumerable.Range(0, operation.Words).Select(_ => format == PixelFormat.R32Float ? BitConverter.SingleToInt32Bits(random.NextSingle()) : random.Next(int.MinValue, int.MaxValue))];
            float[] actual = Run(device, operation, words), expected = Run(cpu, operation, words);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 2e-6f);
        }
        Assert.Empty(Vulkan.ValidationMessages(device));

        static float[] Run(ComputeDevice device, ImageToGrey operation, int[] words)
        {
            using DeviceBuffer image = device.Allocate(words.Length, ElementType.Int32), y = device.Allocate(operation.TargetWidth * operation.TargetHeight);
            image.Write(words);
            using DeviceProgram program = device.Record([new(operation, [image, y])]);
            program.Run();
            float[] read = new float[y.Length];
            y.Read(read);
            return read;
        }
    }

    private static byte[] Pixels(VulkanImageFormat format, int width, int height, int seed)
    {
        var random = new Random(seed);
        byte[] pixels = new byte[width * height * (format == VulkanImageFormat.R8Unorm ? 1 : 4)];
        random.NextBytes(pixels);
        if (format != VulkanImageFormat.R32Float) return pixels;
        Span<float> floats = MemoryMarshal.Cast<byte, float>(pixels.AsSpan());
        for (int i = 0; i < floats.Length; i++) floats[i] = random.NextSingle();
        (floats[0], floats[1], floats[2]) = (float.NaN, -3, 7); // what a game's render target may hold
        return pixels;
    }

    /// <summary>The pixels as a game would turn them into a drawing's image itself.</summary>
    private static GrayImage HostRead(VulkanImageFormat format, int width, int height, byte[] pixels, bool darkIsInk)
    {
        float[] grey = new float[width * height];
        for (int i = 0; i < grey.Length; i++)
        {
            double value = format switch
            {
                VulkanImageFormat.R8Unorm => pixels[i] / 255.0,
                VulkanImageFormat.R32Float => BitConverter.ToSingle(pixels, 4 * i) is var stored && stored > 0 ? Math.Min(stored, 1) : 0,
                VulkanImageFormat.R8G8B8A8Unorm or VulkanImageFormat.R8G8B8A8Srgb => Luma(pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]),
                _ => Luma(pixels[4 * i + 2], pixels[4 * i + 1], pixels[4 * i]),
            };
            grey[i] = (float)(darkIsInk ? 1 - value : value);
        }
        return new GrayImage(width, height, grey);

        static double Luma(byte red, byte green, byte blue) => Math.Min(1, (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255);
    }
}
