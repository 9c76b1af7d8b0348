using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning;

/// <summary>The formats of images that can be taken in; the numbers are VkFormat's. Values are taken as they are stored, sRGB's too.</summary>
public enum VulkanImageFormat
{
    /// <summary>VK_FORMAT_R8_UNORM.</summary>
    R8Unorm = 9,
    /// <summary>VK_FORMAT_R8G8B8A8_UNORM.</summary>
    R8G8B8A8Unorm = 37,
    /// <summary>VK_FORMAT_R8G8B8A8_SRGB.</summary>
    R8G8B8A8Srgb = 43,
    /// <summary>VK_FORMAT_B8G8R8A8_UNORM.</summary>
    B8G8R8A8Unorm = 44,
    /// <summary>VK_FORMAT_B8G8R8A8_SRGB.</summary>
    B8G8R8A8Srgb = 50,
    /// <summary>VK_FORMAT_R32_SFLOAT.</summary>
    R32Float = 100,
}

/// <summary>The layout that a game keeps an image in; the numbers are VkImageLayout's.</summary>
public enum VulkanImageLayout
{
    /// <summary>VK_IMAGE_LAYOUT_GENERAL.</summary>
    General = 1,
    /// <summary>VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL.</summary>
    ColorAttachmentOptimal = 2,
    /// <summary>VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL.</summary>
    ShaderReadOnlyOptimal = 5,
    /// <summary>VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL.</summary>
    TransferSourceOptimal = 6,
    /// <summary>VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL.</summary>
    TransferDestinationOptimal = 7,
}

/// <summary>
/// A game's image of two dimensions, of which the first mip level of the first layer is read. It stays the game's. It has
/// one sample, VK_IMAGE_USAGE_TRANSFER_SRC_BIT, and belongs to the queue family that computes (or is shared by the game's).
/// </summary>
/// <param name="Image">VkImage.</param>
/// <param name="Format">Its format.</param>
/// <param name="Width">Pixels of a row, 1 to <see cref="GrayImage.MaxSide"/>.</param>
/// <param name="Height">Rows, 1 to <see cref="GrayImage.MaxSide"/>.</param>
/// <param name="Layout">The layout that it is in whenever it is read from here, and is left in.</param>
public sealed record VulkanImage(ulong Image, VulkanImageFormat Format, int Width, int Height, VulkanImageLayout Layout)
{
    /// <summary>Whether dark is ink (1) and light is paper (0), as on a drawing with a pen; the other way round if not.</summary>
    public bool DarkIsInk { get; init; }
}

/// <summary>
/// A game's image as an operand: <see cref="Update"/> turns what it shows into grey from 0 (paper) to 1 (ink), on the GPU,
/// without passing through the host. From one thread at a time.
/// </summary>
public sealed class VulkanImageInput : IDisposable
{
    private readonly Devices.Vulkan.VulkanDevice device;
    private readonly VulkanImage image;
    private readonly GpuBuffer words;
    private readonly DeviceProgram program;
    private bool started, disposed;

    internal VulkanImageInput(Devices.Vulkan.VulkanDevice device, VulkanImage image, BufferRange target, int width, int height)
    {
        this.device = device;
        this.image = image;
        PixelFormat format = image.Format switch
        {
            VulkanImageFormat.R8Unorm => PixelFormat.R8,
            VulkanImageFormat.R8G8B8A8Unorm or VulkanImageFormat.R8G8B8A8Srgb => PixelFormat.Rgba8,
            VulkanImageFormat.B8G8R8A8Unorm or VulkanImageFormat.B8G8R8A8Srgb => PixelFormat.Bgra8,
            _ => PixelFormat.R32Float,
        };
        var conversion = new ImageToGrey(image.Width, image.Height, width, height, format, image.DarkIsInk);
        words = device.AllocateScratch(conversion.Words, ElementType.Int32);
        try
        {
            program = device.Record([new(conversion, [words, target])]);
        }
        catch
        {
            words.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes in what the image shows by then: what the game submitted before, on the same queue, is seen, and what is
    /// submitted after, from here or by the game, comes after. Never waits.
    /// </summary>
    /// <returns>False where the last update, or much that was written, is still under way, and nothing was done: try again in the next frame.</returns>
    /// <exception cref="DeviceException">The device failed.</exception>
    public bool Update()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (started && !program.Advance(0)) return false;
        if (!device.TryCopyImage(image, words)) return false;
        program.Restart();
        program.Advance(long.MaxValue, atLeastOne: true);
        started = true;
        return true;
    }

    /// <summary>Waits until nothing touches the game's image any more; the target stays.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        program.Dispose();
        words.Dispose();
    }
}
