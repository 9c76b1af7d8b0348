
namespace OnDeviceLearning.Tests.Gpu;

/// <summary>The device is lost at each place in the code that hears of it, one after the other.</summary>
public sealed class VulkanLossTests
{
    /// <summary>Notes call sites, and loses the device at one of them.</summary>
    internal sealed class Injection
    {
        public List<(string Call, int Line)> Sites { get; } = [];

        public (string Call, int Line)? LoseAt { get; set; }

        public bool Armed { get; set; } = true;

        public VulkanOptions Options => new() { PipelineCacheFolder = "", Validation = false, LoseAt = See };

        private bool See(string call, int line)
        {
            if (!Armed) return false;
            lock (Sites)
                if (!Sites.Contains((call, line))) Sites.Add((call, line));
            return LoseAt == (call, line);
        }
    }

    [VulkanFact]
    public void A_loss_at_any_call_is_a_DeviceLostException_that_names_the_call()
    {
        var all = new Injection();
        Assert.Null(Use(all.Options, out _));
        Assert.True(all.Sites.Count > 20, $"{all.Sites.Count} call sites");
        foreach ((string Call, int Line) site in all.Sites)
        {
            Exception? thrown = Use(new Injection { LoseAt = site }.Options, out Exception? again);
            Assert.True(thrown is DeviceLostException, $"{site}: {thrown?.ToString() ?? "nothing was thrown"}");
            Assert.Contains(site.Call, thrown!.Message);
            Assert.True(again is null or DeviceLostException, $"{site}: then {again}");
        }
    }

    /// <summary>Everything a device does.</summary>
    /// <returns>What was thrown; <paramref name="again"/> is what a later use of the lost device throws.</returns>
    private static Exception? Use(VulkanOptions options, out Exception? again)
    {
        again = null;
        ComputeDevice device;
        try
        {
            device = TestDevices.OpenVulkan(options);
        }
        catch (Exception e)
        {
            return e;
        }
        Exception? thrown = null;
        try
        {
            DeviceBuffer large = device.Allocate(5 << 20), x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
            large.Write(new float[1 << 20]);
            large.Dispose();
            using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
            for (int i = 0; i < 3; i++)
            {
                program.Run();
                program.Restart();
                while (!program.Advance(0, atLeastOne: true)) { }
                y.Read(new float[10]);
            }
        }
        catch (Exception e)
        {
            thrown = e;
            again = Record.Exception(() => device.Allocate(1 << 22));
        }
        device.Dispose();
        return thrown;
    }

    [VulkanFact]
    public void A_loss_at_any_call_leaves_the_classifier_going_on_with_the_cpu()
    {
        float[] expected = Play(TinyBackbone.Load(), null, out _);
        var all = new Injection { Armed = false };
        Assert.Equal(expected, PlayOnVulkan(all, out DeviceLostException? none), new Near());
        Assert.Null(none);
        Assert.True(all.Sites.Count > 8, $"{all.Sites.Count} call sites");
        foreach ((string Call, int Line) site in all.Sites)
        {
            float[] probabilities = PlayOnVulkan(new Injection { Armed = false, LoseAt = site }, out DeviceLostException? loss);
            Assert.Equal(expected, probabilities, new Near());
            Assert.NotNull(loss);
            Assert.Contains(site.Call, loss.Message);
        }
    }

    private static float[] PlayOnVulkan(Injection injection, out DeviceLostException? loss)
    {
        using ComputeDevice device = TestDevices.OpenVulkan(injection.Options);
        return Play(TinyBackbone.Load(device: device), injection, out loss);
    }

    /// <summary>Describes, classifies, teaches and adapts; armed once the backbone is loaded, which may throw.</summary>
    private static float[] Play(Backbone loaded, Injection? injection, out DeviceLostException? loss)
    {
        using Backbone backbone = loaded;
        if (injection is not null) injection.Armed = true;
        using var spells = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Seed = 1 });
        spells.Describe("ring", "a circle");
        spells.Describe("ward", "a big square inside a circle");
        List<float> probabilities = [];
        for (int i = 0; i < 3; i++)
        {
            Drawing drawing = new([[new(0, 0), new(10 + i, 3), new(5, 9), new(0, 0)]]);
            probabilities.AddRange(spells.Classify(drawing).Probabilities);
            spells.Teach(drawing, i == 0 ? "ring" : "ward");
        }
        spells.AdaptToEnd();
        probabilities.AddRange(spells.Classify(new Drawing([[new(0, 0), new(9, 9)]])).Probabilities);
        var embeddings = new float[3 * backbone.EmbeddingWidth];
        backbone.EmbedAll([new Drawing([]), new Drawing([[new(1, 2)]]), new Drawing([[new(0, 0), new(9, 9)]])], embeddings);
        probabilities.AddRange(embeddings);
        loss = backbone.DeviceLoss;
        Assert.Equal(loss is not null || injection is null, backbone.Device.Kind == DeviceKind.Cpu);
        return [.. probabilities];
    }

    internal sealed class Near : IEqualityComparer<float>
    {
        public bool Equals(float x, float y) => Math.Abs(x - y) <= 1e-3f;

        public int GetHashCode(float value) => 0;
    }
}
