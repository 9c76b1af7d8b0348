namespace OnDeviceLearning.Tests.Gpu;

/// <summary>The DirectX 12 device is found lost after something its thread did: the first thing, the second, the third, the fifth, ...</summary>
public sealed class DirectX12LossTests
{
    [DirectX12Fact]
    public void A_loss_is_a_DeviceLostException_and_the_classifier_goes_on_with_the_cpu()
    {
        float[] expected = Play(TinyBackbone.Load(), out DeviceLostException? none);
        int requests = 0;
        Assert.Equal(expected, PlayOnDirectX12(int.MaxValue, ref requests, out none), new Near());
        Assert.Null(none);
        Assert.True(requests > 20, $"{requests} requests");
        for (int at = 1, step = 1; at < requests; at += step, step += 1)
        {
            int count = 0;
            float[] probabilities = PlayOnDirectX12(at, ref count, out DeviceLostException? loss);
            Assert.Equal(at, count); // nothing is done on a lost device
            Assert.NotNull(loss);
            Assert.Contains("the device is lost", loss.Message);
            Assert.Equal(expected, probabilities, new Near());
        }
    }

    /// <param name="at">After which request the device is lost, counted from when the backbone is loaded: loading may throw.</param>
    /// <param name="requests">How many were done.</param>
    /// <param name="loss">What the backbone says of it.</param>
    private static float[] PlayOnDirectX12(int at, ref int requests, out DeviceLostException? loss)
    {
        bool isArmed = false;
        int count = 0;
        using ComputeDevice device = TestDevices.OpenDirectX12(new DirectX12Options { LoseAt = () => Volatile.Read(ref isArmed) && Interlocked.Increment(ref count) == at });
        Backbone backbone = TinyBackbone.Load(device: device);
        using (DeviceBuffer last = device.Allocate(1)) last.Read(new float[1]); // loading's own requests are done
        Volatile.Write(ref isArmed, true);
        float[] probabilities = Play(backbone, out loss);
        requests = count;
        return probabilities;
    }

    private static float[] Play(Backbone loaded, out DeviceLostException? loss)
    {
        using Backbone backbone = loaded;
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
        loss = backbone.DeviceLoss;
        return [.. probabilities];
    }

    private sealed class Near : IEqualityComparer<float>
    {
        public bool Equals(float x, float y) => Math.Abs(x - y) <= 1e-3f;

        public int GetHashCode(float value) => 0;
    }
}
