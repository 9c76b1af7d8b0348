using OnDeviceLearning;
using OnDeviceLearning.Demo;

if (!TourOptions.TryParse(args, out TourOptions? options, out string? complaint))
{
    Console.Error.WriteLine(complaint);
    return 2;
}
try
{
    var tour = new Tour(options);
    tour.Play();
    Account.Write(tour, Console.Out);
    ContactSheet.Write(tour, options.Seed, options.Out);
    Console.WriteLine($"Contact sheet: {Path.GetFullPath(options.Out)}");
    if (options.Json) Account.WriteJson(tour, Console.Out);
    return 0;
}
catch (Exception e) when (e is ModelFormatException or DeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
