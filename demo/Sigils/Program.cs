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
    if (options.Json) Account.WriteJson(tour, Console.Out);
    return 0;
}
catch (Exception e) when (e is ModelFormatException or DeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
