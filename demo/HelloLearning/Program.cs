// Image files and descriptions in, labels out; what is taught is learnt and saved for the next time.
//
//   dotnet run --project demo/HelloLearning                      shows what it does on the two pictures beside it
//   dotnet run --project demo/HelloLearning -- describe ward "a circle with a cross inside"
//   dotnet run --project demo/HelloLearning -- describe storm "two zigzags side by side"
//   dotnet run --project demo/HelloLearning -- read one.png two.png
//   dotnet run --project demo/HelloLearning -- teach storm two.png
//
// Images are dark lines on light paper (PNG, JPEG or BMP); what was said and taught lies in hello.spells.
using OnDeviceLearning;
using StbImageSharp;

const string save = "hello.spells";
try
{
    using Backbone backbone = Backbone.Load(Path.Combine(AppContext.BaseDirectory, "sigils.safetensors"));
    using AdaptiveClassifier spells = File.Exists(save) ? AdaptiveClassifier.Load(save, backbone) : new AdaptiveClassifier(backbone);
    switch (args)
    {
        case ["describe", string name, .. [_, ..] sentences]:
            DescriptionReading reading = spells.Describe(name, sentences);
            Console.WriteLine($"{name} is understood to {reading.Understood:P0}.");
            foreach (WordReading word in reading.Words)
                if (word.ReadAs is not null) Console.WriteLine($"  '{word.Word}' is read as '{word.ReadAs}'");
                else if (word.Certainty <= 0) Console.WriteLine($"  '{word.Word}' is not a word I know");
            break;
        case ["read", .. [_, ..] files]:
            foreach (string file in files) Console.WriteLine($"{file}: {spells.Classify(Read(file))}");
            break;
        case ["teach", string name, .. [_, ..] files]:
            foreach (string file in files) spells.Teach(Read(file), name);
            AdaptReport report = spells.AdaptToEnd(); // a game calls Adapt(budget) once a frame instead
            Console.WriteLine($"{spells.ExampleCount} examples; now better at: {string.Join(", ", report.Changed)}.");
            break;
        case []:
            spells.Describe("ward", "a circle with a cross inside");
            spells.Describe("storm", "two zigzags side by side");
            foreach (string file in (string[])["ward.png", "storm.png"])
                Console.WriteLine($"{file}: {spells.Classify(Read(Path.Combine(AppContext.BaseDirectory, file)))}");
            Console.WriteLine("Nothing was taught: two sentences were enough. Your turn:");
            Console.WriteLine("  describe NAME \"SENTENCE\"... | read FILE... | teach NAME FILE...");
            return 0;
        default:
            Console.Error.WriteLine("Say: describe NAME \"SENTENCE\"... | read FILE... | teach NAME FILE...");
            return 2;
    }
    spells.Save(save);
    return 0;
}
catch (Exception e) when (e is ModelFormatException or IOException or UnauthorizedAccessException or ArgumentException)
{
    Console.Error.WriteLine(e.Message.Split(" (Parameter '")[0]); // what an ArgumentException adds is for programmers
    return 1;
}

// Ink is what is darker than the paper; the paper is as light as the lightest pixel.
static GrayImage Read(string file)
{
    ImageResult image;
    try
    {
        image = ImageResult.FromMemory(File.ReadAllBytes(file), ColorComponents.Grey);
    }
    catch (Exception e) when (e is not (IOException or UnauthorizedAccessException))
    {
        throw new IOException($"{file} is not a picture that can be read: {e.Message}", e); // the decoder throws anything
    }
    float paper = Math.Max(1, (int)image.Data.Max());
    return new GrayImage(image.Width, image.Height, image.Data.Select(v => 1 - v / paper).ToArray());
}
