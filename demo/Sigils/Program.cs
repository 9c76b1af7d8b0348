using System.Runtime.CompilerServices;
using OnDeviceLearning;
using OnDeviceLearning.Demo;

if (!TourOptions.TryParse(args, out TourOptions? options, out string? complaint))
{
    Console.Error.WriteLine(complaint);
    return 2;
}
try
{
    if (options.Seeds > 0)
    {
        PlayerEvaluation.Run(options, options.Seeds, Console.Out);
        return 0;
    }
    var tour = new Tour(options);
    using Spellbook book = tour.Play();
    Account.Write(tour, Console.Out);
    Picture(tour, book, options);
    if (options.Json) Account.WriteJson(tour, Console.Out);
    return 0;
}
catch (Exception e) when (e is ModelFormatException or DeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

// On its own, so that SkiaSharp is loaded after the first prediction.
[MethodImpl(MethodImplOptions.NoInlining)]
static void Picture(Tour tour, Spellbook book, TourOptions options)
{
    using var reel = new Reel(book, options.Seed, isLarge: options.Screens is not null);
    reel.Play();
    ContactSheet.Write(tour, reel.Screens, options.Out);
    File.WriteAllBytes(options.Film, reel.Film());
    if (options.Screens is { } folder) reel.Write(folder);
    Console.WriteLine($"Contact sheet: {Path.GetFullPath(options.Out)}");
    Console.WriteLine($"A duel, animated: {Path.GetFullPath(options.Film)}");
}
