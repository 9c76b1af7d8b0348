using System.Diagnostics;
using System.Numerics;
using OnDeviceLearning;

// The smallest program that recognises a drawing by its description, compiled ahead of time.
string file = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "sigils.safetensors");
if (!File.Exists(file))
{
    Console.Error.WriteLine($"There is no backbone '{file}'; name one as the argument.");
    return 2;
}
using var backbone = Backbone.Load(file);
using var spells = new AdaptiveClassifier(backbone);
spells.Describe("ward", "a circle with a cross inside");
spells.Describe("storm", "two zigzags side by side");
spells.Describe("frost", "a big snowflake");

var ring = new Vector2[33];
for (int i = 0; i < ring.Length; i++) ring[i] = 100 * new Vector2(MathF.Cos(i * MathF.Tau / 32), MathF.Sin(i * MathF.Tau / 32));
Prediction p = spells.Classify(new Drawing([ring, [new(-45, -45), new(45, 45)], [new(45, -45), new(-45, 45)]]));

TimeSpan sinceStart = DateTime.Now - Process.GetCurrentProcess().StartTime;
Console.WriteLine(FormattableString.Invariant($"{p.Label} {p.Probability:F3} {sinceStart.TotalMilliseconds:F0} ms"));
return 0;
