// Learning on an engine's own Vulkan device, within its own frame loop.
//
//   dotnet run -c Release --project demo/EngineLoop
//
// Engine.cs stands for the engine: it has a VkDevice, a VkBuffer that it draws into, and a loop. This file is all that a
// game adds.
using System.Diagnostics;
using System.Numerics;
using OnDeviceLearning;
using OnDeviceLearning.Operations;

try
{
    using var engine = new Engine(width: 256, height: 256);

    // Everything below is the engine's own device and memory; the engine keeps them, and frees them last.
    using ComputeDevice device = Vulkan.Attach(engine.Attachment);
    using DeviceBuffer frame = Vulkan.ImportBuffer(device, engine.FrameBuffer, engine.Width * engine.Height);

    // A program of one operation, planned once and replayed: how bright is the picture?
    using DeviceBuffer brightness = device.Allocate(1);
    using DeviceProgram meter = device.Record([new BoundOperation(new Mean(1, engine.Width * engine.Height, 1), [frame, brightness])]);

    // A classifier whose encoders run on the same device.
    using Backbone backbone = Backbone.Load(Path.Combine(AppContext.BaseDirectory, "sigils.safetensors"), device);
    using var spells = new AdaptiveClassifier(backbone);
    spells.Describe("ward", "a circle with a cross inside");
    spells.Describe("storm", "two zigzags side by side");
    Drawing drawing = new([Circle(20), [new(-8, -8), new(8, 8)], [new(8, -8), new(-8, 8)]]);

    var budget = TimeSpan.FromMilliseconds(2);
    float[] seen = [0];
    meter.Restart();
    engine.Run(frames: 120, number =>
    {
        // The GPU works on beside the engine; nothing here waits for it.
        long deadline = Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency);
        // At least one operation, also where it is estimated to take longer than the budget: it would never be begun.
        if (meter.Advance(deadline, atLeastOne: true))
        {
            brightness.Read(seen);
            meter.Restart();
        }
        if (number == 30) Console.WriteLine($"frame {number}: the player drew; read as {spells.Classify(drawing)}");
        if (number == 40) spells.Teach(drawing, "storm"); // "no, a storm": one example against clear words moves the answer, and does not turn it
        if (spells.Adapt(budget).Status == AdaptStatus.Published) Console.WriteLine($"frame {number}: learnt; the same drawing is read as {spells.Classify(drawing)}");
        if (number % 40 == 0) Console.WriteLine($"frame {number}: brightness {seen[0]:F3}, the engine drew {engine.MeanDrawn:F3}");
    });
    Console.WriteLine($"On {device.Name}: the slowest of the last 60 frames took {engine.SlowestMilliseconds:F1} ms.");
    return 0;
}
catch (Exception e) when (e is DeviceException or ModelFormatException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static Vector2[] Circle(float radius) => [.. Enumerable.Range(0, 33).Select(i => radius * new Vector2(MathF.Cos(i * MathF.Tau / 32), MathF.Sin(i * MathF.Tau / 32)))];
