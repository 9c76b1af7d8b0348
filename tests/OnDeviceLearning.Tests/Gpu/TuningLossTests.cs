using OnDeviceLearning.Tests.Classification;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>A classifier with a tuned encoder goes on with the CPU wherever the device is lost.</summary>
public sealed class TuningLossTests
{
    /// <summary>What the device is lost within.</summary>
    public enum Phase { Load, Teach, Tune, Never }

    // Nothing beats the shipped encoder by so much: a run with few updates ends there on every device.
    private static AdaptiveClassifierOptions Options(AdaptationWorker worker)
    {
        AdaptiveClassifierOptions options = EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock);
        return options with { Worker = worker, Tuning = options.Tuning with { Batch = 2, Updates = 2, GuardErrors = 1e9, Dial = [1] } };
    }

    [VulkanTheory]
    [InlineData(Phase.Load)]
    [InlineData(Phase.Teach)]
    [InlineData(Phase.Tune)]
    [InlineData(Phase.Tune, AdaptationWorker.Own)]
    public void A_loss_at_any_call_leaves_a_tuned_classifier_going_on_with_the_cpu(Phase phase, AdaptationWorker worker = AdaptationWorker.None)
    {
        byte[] save = TunedSave();
        float[] expected = Play(TinyBackbone.Load(), save, worker, null, Phase.Never, phase, out _);
        var all = new VulkanLossTests.Injection { Armed = false };
        Assert.Equal(expected, PlayOnVulkan(save, worker, all, phase, out DeviceLostException? none), new VulkanLossTests.Near());
        Assert.Null(none);
        Assert.True(all.Sites.Count >= 7, $"{all.Sites.Count} call sites");
        int lost = 0;
        foreach ((string Call, int Line) site in all.Sites)
        {
            float[] answers = PlayOnVulkan(save, worker, new VulkanLossTests.Injection { Armed = false, LoseAt = site }, phase, out DeviceLostException? loss);
            Assert.Equal(expected, answers, new VulkanLossTests.Near());
            if (loss is null) continue;
            // Where two threads use the device, either may be the first to say so: the other finds it lost at a call of its own.
            if (worker == AdaptationWorker.None) Assert.Contains(site.Call, loss.Message);
            else Assert.Contains(all.Sites, seen => loss.Message.Contains(seen.Call, StringComparison.Ordinal));
            lost++;
        }
        // Whether a fence is waited for or found signalled is the driver's affair.
        Assert.InRange(lost, all.Sites.Count - 2, all.Sites.Count);
    }

    private static byte[] TunedSave()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier classifier = EncoderTuningTests.Taught(backbone, EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock));
        classifier.AdaptToEnd();
        Assert.Equal(1, classifier.EncoderVersion);
        return EncoderTuningTests.Bytes(classifier);
    }

    private static float[] PlayOnVulkan(byte[] save, AdaptationWorker worker, VulkanLossTests.Injection injection, Phase phase, out DeviceLostException? loss)
    {
        using ComputeDevice device = TestDevices.OpenVulkan(injection.Options);
        return Play(TinyBackbone.Load(device: device), save, worker, injection, phase, phase, out loss);
    }

    /// <summary>Loads, classifies, teaches and tunes anew up to the end of a phase; armed from the begin of it.</summary>
    private static float[] Play(Backbone loaded, byte[] save, AdaptationWorker worker, VulkanLossTests.Injection? injection, Phase armed, Phase last, out DeviceLostException? loss)
    {
        using Backbone backbone = loaded;
        Arm(Phase.Load);
        using AdaptiveClassifier spells = AdaptiveClassifier.Load(new MemoryStream(save), backbone, Options(worker));
        Assert.Equal(1, spells.EncoderVersion);
        List<float> answers = [.. EncoderTuningTests.Answers(spells)];
        if (last >= Phase.Teach)
        {
            // The backbone notices first and moves by itself; the tuned encoder finds its device gone after that.
            Arm(Phase.Teach);
            spells.Teach(EncoderTuningTests.Draw(0, 700), "circle");
            while (spells.Adapt(TimeSpan.FromSeconds(1)).Status != AdaptStatus.Published) { }
            answers.AddRange(EncoderTuningTests.Answers(spells));
        }
        if (last >= Phase.Tune)
        {
            Arm(Phase.Tune);
            spells.AdaptToEnd();
            Assert.Equal(2, spells.EncoderVersion);
            answers.AddRange(EncoderTuningTests.Answers(spells));
        }
        loss = backbone.DeviceLoss;
        return [.. answers];

        void Arm(Phase phase)
        {
            if (injection is not null && phase == armed) injection.Armed = true;
        }
    }
}
