using OnDeviceLearning;
using OnDeviceLearning.Demo;
using OnDeviceLearning.Demo.Presentation;

if (!TourOptions.TryParse(args, out TourOptions? options, out string? complaint))
{
    Console.Error.WriteLine(complaint);
    return 2;
}
try
{
    using var game = new Game(new Spellbook(options.Backbone, options.Device, (ulong)options.Seed), SaveFolder.OfUser(), options.Seed);
    try
    {
        new GameWindow(game).Run();
    }
    catch
    {
        // Whatever ends the window, the book is put away. Not in a finally: an exception that nobody catches may end the
        // process without running it.
        if (!game.Save()) Console.Error.WriteLine(game.Notice);
        throw;
    }
    if (game.Save()) return 0;
    Console.Error.WriteLine(game.Notice);
    return 1;
}
catch (Exception e) when (e is PresentationException or ModelFormatException or DeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine("Without a window, the tour plays the game: dotnet run -c Release --project demo/Sigils");
    return 1;
}
