namespace OnDeviceLearning.Demo;

// F2: the other device is opened and loaded beside the game, which goes on; then the book moves over within one frame.
internal sealed partial class Game
{
    private Task<Spellbook.Engine>? opening;
    private GameDevice wanted;

    /// <summary>Whether another device is being opened.</summary>
    public bool IsSwitching => opening is not null;

    /// <summary>Opens the next kind of device; the game moves to it when it is ready.</summary>
    public void SwitchDevice()
    {
        if (IsSwitching)
        {
            Say("Another device is being opened already.");
            return;
        }
        GameDevice next = After(wanted == GameDevice.Best ? Grimoire.Book.Kind == DeviceKind.Cpu ? GameDevice.Cpu : OperatingSystem.IsWindows() ? GameDevice.DirectX12 : GameDevice.Vulkan : wanted);
        SwitchDevice(next);
    }

    /// <summary>Opens a device; the game moves to it when it is ready.</summary>
    public void SwitchDevice(GameDevice next)
    {
        if (IsSwitching) return;
        wanted = next;
        Spellbook book = Grimoire.Book;
        opening = Task.Run(() => book.Prepare(next));
    }

    private static GameDevice After(GameDevice device) => device switch
    {
        GameDevice.Cpu => GameDevice.Vulkan,
        GameDevice.Vulkan when OperatingSystem.IsWindows() => GameDevice.DirectX12,
        _ => GameDevice.Cpu,
    };

    internal void AdoptEngine()
    {
        if (opening is not { IsCompleted: true } ready) return;
        opening = null;
        try
        {
            Grimoire.Book.MoveTo(ready.GetAwaiter().GetResult());
            Say($"The book is read by {Grimoire.Book.Device} now. Nothing was lost.");
        }
        catch (Exception e) when (e is DeviceException or ModelFormatException or IOException)
        {
            Say($"{e.Message} The book stays with {Grimoire.Book.Device}.");
        }
    }

    private void DropEngine()
    {
        if (opening is null) return;
        try
        {
            opening.GetAwaiter().GetResult().Dispose();
        }
        catch (Exception e) when (e is DeviceException or ModelFormatException or IOException)
        {
            // It would have been a sentence to the player, who is leaving.
        }
        opening = null;
    }
}
