using System.Numerics;
using OnDeviceLearning;

using var device = ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider);
using var backbone = Backbone.Load(args[0], device);
using var spells = new AdaptiveClassifier(backbone);
spells.Describe("ward", "a circle");
spells.Describe("storm", "a zigzag");
var drawing = new Drawing([[new(0, 0), new(20, 30), new(40, 0), new(60, 30), new(80, 0), new Vector2(100, 30)]]);
Prediction p = spells.Classify(drawing);
spells.Teach(drawing, "storm");
spells.Adapt(TimeSpan.FromMilliseconds(2));
Console.WriteLine($"{device.Name}: {p}");
return p.Label == "storm" ? 0 : 1;
