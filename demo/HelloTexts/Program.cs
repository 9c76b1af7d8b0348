// Texts in, labels out, by descriptions alone: "this is a cat, a dog, a bird", and then a fish, which nothing was trained for.
//
//   dotnet run --project demo/HelloTexts [texts.safetensors]
using OnDeviceLearning;

string file = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "texts.safetensors");
if (!File.Exists(file))
{
    Console.Error.WriteLine($"There is no {file}. Train one with: odl pretrain texts --out texts.safetensors, and name it here.");
    return 1;
}
try
{
    using Backbone backbone = Backbone.Load(file);
    using var animals = new AdaptiveClassifier(backbone);
    animals.Describe("cat", "a small furry pet that purrs and hunts mice");
    animals.Describe("dog", "a loyal pet that barks and guards the house");
    animals.Describe("bird", "an animal with wings and feathers that flies and sings");
    Ask(animals, "it sat purring on my lap all evening", "something barks at the postman", "feathers everywhere, and then it flew away");

    Console.WriteLine("A class that nobody thought of before:");
    animals.Describe("fish", "an animal with fins that swims in the sea");
    Ask(animals, "it swam off into the deep water", "what big fins it has", "the mouse never saw the kitten coming");

    Console.WriteLine("And after one correction:");
    animals.Teach(new TextInput("the mouse never saw the kitten coming"), "cat");
    animals.AdaptToEnd(); // a game calls Adapt(budget) once a frame instead
    Ask(animals, "the kitten is asleep");
    return 0;
}
catch (Exception e) when (e is ModelFormatException or IOException or UnauthorizedAccessException or ArgumentException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static void Ask(AdaptiveClassifier animals, params string[] texts)
{
    foreach (string text in texts) Console.WriteLine($"  {text,-45} {animals.Classify(new TextInput(text))}");
}
