using System.Numerics;
using OnDeviceLearning.Demo.Presentation;
using Silk.NET.Core.Contexts;
using Silk.NET.Core.Native;
using Silk.NET.Input;
using Silk.NET.Maths;
using Silk.NET.Vulkan;
using Silk.NET.Windowing;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// The game in a window of Silk.NET: what the window says goes to the game, what the game looks like goes to the presenter.
/// Nothing else is decided here.
/// </summary>
internal sealed unsafe class GameWindow(Game game)
{
    // Drawing is done by the CPU: beyond this many pixels the picture is drawn smaller and stretched by the GPU.
    private const int MostPixels = 2560 * 1440;
    private readonly Stage stage = new();
    private IWindow window = null!;
    private IInputContext? input;
    private PresentationInstance? instance;
    private SurfaceKHR surface;
    private Presenter? presenter;
    private SKBitmap? picture;
    private SKCanvas? canvas;

    /// <summary>Opens the window and plays until it closes.</summary>
    /// <exception cref="PresentationException">There is no display, or Vulkan cannot show anything on it.</exception>
    public void Run()
    {
        WindowOptions options = WindowOptions.DefaultVulkan;
        options.Title = "Sigils";
        options.Size = new Vector2D<int>((int)Game.Width, (int)Game.Height);
        try
        {
            window = Window.Create(options);
            window.Initialize();
        }
        // Each window system has exceptions of its own, and all of them mean the same here.
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new PresentationException($"There is no window to play in: {e.Message}");
        }
        try
        {
            Open();
            while (!window.IsClosing)
            {
                window.DoEvents();
                // Update and Render keep the time between frames.
                if (!window.IsClosing) window.DoRender();
            }
        }
        finally
        {
            Close();
        }
    }

    private void Open()
    {
        IVkSurface source = window.VkSurface ?? throw new PresentationException("The window system has no Vulkan.");
        byte** names = source.GetRequiredExtensions(out uint count);
        instance = new PresentationInstance(Enumerable.Range(0, (int)count).Select(i => SilkMarshal.PtrToString((nint)names[i]) ?? ""));
        surface = source.Create<AllocationCallbacks>(instance.Handle.ToHandle(), null).ToSurface();
        presenter = new Presenter(instance, surface);
        Resize(window.FramebufferSize);

        window.Render += Render;
        window.FramebufferResize += Resize;
        window.FocusChanged += focused => { if (!focused) game.LoseFocus(); };
        input = window.CreateInput();
        foreach (IKeyboard keyboard in input.Keyboards) Listen(keyboard);
        foreach (IMouse mouse in input.Mice) Listen(mouse);
    }

    private void Close()
    {
        input?.Dispose();
        presenter?.Dispose();
        if (instance is not null && surface.Handle != 0)
        {
            var destroy = (delegate* unmanaged<Instance, SurfaceKHR, AllocationCallbacks*, void>)instance.Api.GetInstanceProcAddr(instance.Handle, "vkDestroySurfaceKHR").Handle;
            destroy(instance.Handle, surface, null);
        }
        instance?.Dispose();
        canvas?.Dispose();
        picture?.Dispose();
        stage.Dispose();
        window.Reset();
        window.Dispose();
    }

    private void Render(double seconds)
    {
        game.Frame(seconds);
        if (game.IsOver) window.Close();
        bool shown = false;
        if (picture is not null && canvas is not null)
        {
            stage.Draw(canvas, picture.Width, picture.Height, game);
            shown = presenter!.Present(picture.GetPixelSpan(), picture.Width, picture.Height);
        }
        // Minimised, or between two sizes: no screen to wait for.
        if (!shown) Thread.Sleep(15);
    }

    private void Resize(Vector2D<int> size)
    {
        presenter!.Resize(size.X, size.Y);
        canvas?.Dispose();
        picture?.Dispose();
        (canvas, picture) = (null, null);
        if (size.X < 1 || size.Y < 1) return;
        float shrink = MathF.Min(1, MathF.Sqrt(MostPixels / ((float)size.X * size.Y)));
        picture = new SKBitmap(new SKImageInfo(Math.Max(1, (int)(size.X * shrink)), Math.Max(1, (int)(size.Y * shrink)), SKColorType.Rgba8888, SKAlphaType.Opaque));
        canvas = new SKCanvas(picture);
    }

    private void Listen(IKeyboard keyboard)
    {
        keyboard.KeyDown += (_, key, _) =>
        {
            bool command = keyboard.IsKeyPressed(Key.ControlLeft) || keyboard.IsKeyPressed(Key.ControlRight) || keyboard.IsKeyPressed(Key.SuperLeft) || keyboard.IsKeyPressed(Key.SuperRight);
            if (command && key == Key.V) game.Type(keyboard.ClipboardText ?? "");
            else if (KeyOf(key) is { } known) game.KeyDown(known);
        };
        keyboard.KeyUp += (_, key, _) =>
        {
            if (KeyOf(key) is { } known) game.KeyUp(known);
        };
        keyboard.KeyChar += (_, character) => game.Type(character.ToString());
        keyboard.BeginInput();
    }

    /// <summary>A pen tablet moves the mouse on all three systems.</summary>
    private void Listen(IMouse mouse)
    {
        mouse.MouseDown += (m, button) =>
        {
            if (button == MouseButton.Left) game.PenDown(ToPage(m.Position));
        };
        mouse.MouseMove += (_, position) => game.PenMove(ToPage(position));
        mouse.MouseUp += (_, button) =>
        {
            if (button == MouseButton.Left) game.PenUp();
        };
    }

    /// <summary>Mice count in points; where a point is several pixels, both are in the same proportion.</summary>
    private Vector2 ToPage(Vector2 position) => Stage.ToPage(position.X, position.Y, Math.Max(1, window.Size.X), Math.Max(1, window.Size.Y));

    private static GameKey? KeyOf(Key key) => key switch
    {
        Key.Up => GameKey.Up,
        Key.Down => GameKey.Down,
        Key.Left => GameKey.Left,
        Key.Right => GameKey.Right,
        Key.Enter or Key.KeypadEnter => GameKey.Enter,
        Key.Escape => GameKey.Escape,
        Key.Space => GameKey.Space,
        Key.Tab => GameKey.Tab,
        Key.Backspace => GameKey.Backspace,
        Key.Delete => GameKey.Delete,
        Key.Home => GameKey.Home,
        Key.End => GameKey.End,
        Key.F1 => GameKey.Overlay,
        Key.F2 => GameKey.Device,
        Key.F5 => GameKey.Save,
        _ => null,
    };
}
