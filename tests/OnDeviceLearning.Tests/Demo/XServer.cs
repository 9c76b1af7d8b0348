using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Tests.Demo;

/// <summary>An X server of the test's own, without a screen: Xvfb (Debian: xvfb), ended with the test.</summary>
internal sealed class XServer : IDisposable
{
    private readonly Process process;

    /// <summary>Starts it and waits until it says which display it is.</summary>
    public XServer()
    {
        process = Process.Start(new ProcessStartInfo("Xvfb", "-displayfd 1 -screen 0 1024x768x24 -nolisten tcp -noreset") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        string? number = process.StandardOutput.ReadLine();
        if (string.IsNullOrEmpty(number)) throw new InvalidOperationException("Xvfb ended before it offered a display.");
        Display = ":" + number.Trim();
    }

    public string Display { get; }

    /// <summary>Why there can be none; null where there can.</summary>
    public static string? WhyNone { get; } = !OperatingSystem.IsLinux() ? "Xvfb is for Linux"
        : !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "Xvfb"))) ? "Xvfb is not installed (Debian: xvfb)"
        : !NativeLibrary.TryLoad("libX11.so.6", out _) ? "libX11 is not installed (Debian: libx11-6)"
        : null;

    public void Dispose()
    {
        try
        {
            process.Kill();
            process.WaitForExit();
        }
        finally
        {
            process.Dispose();
        }
    }
}

/// <summary>A bare window, made with libX11 alone.</summary>
internal sealed unsafe partial class XWindow : IDisposable
{
    private const string X11 = "libX11.so.6";

    public XWindow(string display, int width, int height)
    {
        Display = XOpenDisplay(display);
        Assert.True(Display != 0, $"XOpenDisplay({display}) failed.");
        nint root = XDefaultRootWindow(Display);
        Handle = XCreateSimpleWindow(Display, root, 0, 0, (uint)width, (uint)height, 0, 0, 0);
        XMapWindow(Display, Handle);
        XSync(Display, 0);
    }

    public nint Display { get; }

    public nint Handle { get; }

    public void Resize(int width, int height)
    {
        XResizeWindow(Display, Handle, (uint)width, (uint)height);
        XSync(Display, 0);
    }

    /// <summary>What the server shows at some places: 0xRRGGBB.</summary>
    public uint[] Pixels(int width, int height, IReadOnlyList<(int X, int Y)> places)
    {
        const int zPixmap = 2;
        XSync(Display, 0);
        nint image = XGetImage(Display, Handle, 0, 0, (uint)width, (uint)height, nuint.MaxValue, zPixmap);
        Assert.True(image != 0, "XGetImage failed.");
        uint[] pixels = [.. places.Select(p => (uint)XGetPixel(image, p.X, p.Y) & 0xFFFFFF)];
        XDestroyImage(image);
        return pixels;
    }

    public void Dispose()
    {
        XDestroyWindow(Display, Handle);
        XCloseDisplay(Display);
    }

    [LibraryImport(X11, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint XOpenDisplay(string name);

    [LibraryImport(X11)]
    private static partial nint XDefaultRootWindow(nint display);

    [LibraryImport(X11)]
    private static partial nint XCreateSimpleWindow(nint display, nint parent, int x, int y, uint width, uint height, uint border, nuint borderColour, nuint background);

    [LibraryImport(X11)]
    private static partial int XMapWindow(nint display, nint window);

    [LibraryImport(X11)]
    private static partial int XResizeWindow(nint display, nint window, uint width, uint height);

    [LibraryImport(X11)]
    private static partial int XSync(nint display, int discard);

    [LibraryImport(X11)]
    private static partial nint XGetImage(nint display, nint drawable, int x, int y, uint width, uint height, nuint planes, int format);

    [LibraryImport(X11)]
    private static partial nuint XGetPixel(nint image, int x, int y);

    [LibraryImport(X11)]
    private static partial int XDestroyImage(nint image);

    [LibraryImport(X11)]
    private static partial int XDestroyWindow(nint display, nint window);

    [LibraryImport(X11)]
    private static partial int XCloseDisplay(nint display);
}
