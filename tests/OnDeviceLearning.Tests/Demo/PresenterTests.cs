using OnDeviceLearning.Demo.Presentation;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Tests.Demo;

/// <summary>A test on a real surface: needs Vulkan and an X server of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SurfaceFactAttribute : FactAttribute
{
    public SurfaceFactAttribute() => Skip = XServer.WhyNone ?? TestDevices.WhyNoVulkan;
}

/// <summary>Pictures on a surface of a bare X11 window. What was shown is read back from the X server, not from Vulkan.</summary>
public sealed unsafe class PresenterTests
{
    [SurfaceFact]
    public void What_is_presented_is_what_the_window_shows()
    {
        using var show = new Show(320, 200);
        byte[] picture = Picture(320, 200, 0);
        Assert.True(show.PresentUntilShown(picture, 320, 200));
        Assert.Equal((320, 200), show.Presenter.Size);
        show.Compare(picture, 320, 200);
    }

    [SurfaceFact]
    public void Three_hundred_frames_are_shown_with_one_swapchain()
    {
        using var show = new Show(256, 144);
        int shown = 0;
        for (int f = 0; f < 300; f++)
            if (show.Presenter.Present(Picture(256, 144, f), 256, 144)) shown++;
        Assert.Equal(300, shown);
        Assert.Equal(1, show.Presenter.Swapchains);
        show.Compare(Picture(256, 144, 299), 256, 144);
    }

    [SurfaceFact]
    public void A_resized_window_gets_a_new_swapchain_and_the_right_pixels()
    {
        using var show = new Show(320, 200);
        Assert.True(show.PresentUntilShown(Picture(320, 200, 1), 320, 200));
        // The window system alone knows: the driver says that the swapchain is out of date.
        show.Window.Resize(200, 280);
        byte[] picture = Picture(200, 280, 2);
        for (int f = 0; f < 20 && show.Presenter.Size != (200, 280); f++) show.Presenter.Present(picture, 200, 280);
        Assert.Equal((200, 280), show.Presenter.Size);
        Assert.True(show.Presenter.Swapchains > 1);
        Assert.True(show.PresentUntilShown(picture, 200, 280));
        show.Compare(picture, 200, 280);
        // And the game says so.
        show.Window.Resize(300, 220);
        show.Presenter.Resize(300, 220);
        picture = Picture(300, 220, 3);
        Assert.True(show.PresentUntilShown(picture, 300, 220));
        Assert.Equal((300, 220), show.Presenter.Size);
        show.Compare(picture, 300, 220);
    }

    [SurfaceFact]
    public void A_smaller_picture_is_stretched()
    {
        using var show = new Show(320, 200);
        var red = new byte[4 * 160 * 100];
        for (int i = 0; i < red.Length; i += 4) (red[i], red[i + 3]) = (200, 255);
        Assert.True(show.PresentUntilShown(red, 160, 100));
        show.Presenter.Finish();
        Assert.All(show.Window.Pixels(320, 200, [(0, 0), (319, 199), (160, 100)]), pixel => Assert.Equal(0xC80000u, pixel));
    }

    [SurfaceFact]
    public void Without_vsync_the_newest_picture_is_shown()
    {
        using var show = new Show(128, 96, vsync: false);
        for (int f = 0; f < 20; f++) show.Presenter.Present(Picture(128, 96, f), 128, 96);
        Assert.True(show.PresentUntilShown(Picture(128, 96, 7), 128, 96));
        show.Compare(Picture(128, 96, 7), 128, 96);
    }

    [SurfaceFact]
    public void A_picture_smaller_than_it_says_is_refused()
    {
        using var show = new Show(64, 64);
        ArgumentException e = Assert.Throws<ArgumentException>(() => show.Presenter.Present(new byte[100], 64, 64));
        Assert.Contains("100 bytes for 64 by 64 pixels; expected 16384", e.Message);
        Assert.Throws<ArgumentException>(() => show.Presenter.Present([], 0, 0));
    }

    [VulkanFact]
    public void An_extension_that_is_not_there_is_a_sentence()
    {
        PresentationException e = Assert.Throws<PresentationException>(() => new PresentationInstance(["VK_KHR_no_such_thing"]));
        Assert.Contains("VK_KHR_no_such_thing", e.Message);
    }

    private static byte[] Picture(int width, int height, int variety)
    {
        var rgba = new byte[4 * width * height];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                int i = 4 * (y * width + x);
                (rgba[i], rgba[i + 1], rgba[i + 2], rgba[i + 3]) = ((byte)(x + 3 * variety), (byte)(y * 2 + variety), (byte)(x * y / 7 + variety), 255);
            }
        return rgba;
    }

    private sealed class Show : IDisposable
    {
        private readonly XServer server = new();
        private readonly PresentationInstance instance;
        private readonly SurfaceKHR surface;

        public Show(int width, int height, bool vsync = true)
        {
            Window = new XWindow(server.Display, width, height);
            instance = new PresentationInstance(["VK_KHR_surface", "VK_KHR_xlib_surface"]);
            var create = (delegate* unmanaged<Instance, XlibSurfaceCreateInfoKHR*, void*, SurfaceKHR*, Result>)instance.Api.GetInstanceProcAddr(instance.Handle, "vkCreateXlibSurfaceKHR").Handle;
            var info = new XlibSurfaceCreateInfoKHR { SType = StructureType.XlibSurfaceCreateInfoKhr, Dpy = (nint*)Window.Display, Window = Window.Handle };
            SurfaceKHR made;
            Assert.Equal(Result.Success, create(instance.Handle, &info, null, &made));
            surface = made;
            Presenter = new Presenter(instance, surface, vsync);
        }

        public XWindow Window { get; }

        public Presenter Presenter { get; }

        /// <summary>A frame that meets a change of size comes to nothing; the next ones count.</summary>
        public bool PresentUntilShown(byte[] rgba, int width, int height)
        {
            for (int f = 0; f < 20; f++)
                if (Presenter.Present(rgba, width, height) && Presenter.Size != default) return true;
            return false;
        }

        public void Compare(byte[] rgba, int width, int height)
        {
            Presenter.Finish();
            List<(int X, int Y)> places = [];
            for (int y = 0; y < height; y += 7)
                for (int x = y % 5; x < width; x += 11) places.Add((x, y));
            uint[] expected = [.. places.Select(p =>
            {
                int i = 4 * (p.Y * width + p.X);
                return (uint)(rgba[i] << 16 | rgba[i + 1] << 8 | rgba[i + 2]);
            })];
            // The driver hands the last frame to the X server on a thread of its own.
            uint[] seen = [];
            for (int t = 0; t < 200 && !expected.AsSpan().SequenceEqual(seen); t++)
            {
                if (t > 0) Thread.Sleep(10);
                seen = Window.Pixels(width, height, places);
            }
            Assert.Equal(expected, seen);
        }

        public void Dispose()
        {
            Presenter.Dispose();
            var destroy = (delegate* unmanaged<Instance, SurfaceKHR, void*, void>)instance.Api.GetInstanceProcAddr(instance.Handle, "vkDestroySurfaceKHR").Handle;
            destroy(instance.Handle, surface, null);
            instance.Dispose();
            Window.Dispose();
            server.Dispose();
        }
    }
}
