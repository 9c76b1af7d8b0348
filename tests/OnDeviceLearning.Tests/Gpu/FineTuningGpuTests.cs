using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Tests.Classification;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>Light fine-tuning on Vulkan: the same factors as the CPU learns, and a whole run within a classifier.</summary>
public sealed class FineTuningGpuTests
{
    [VulkanFact]
    public void Low_rank_pairs_learn_as_on_the_CPU()
    {
        using ComputeDevice vulkan = TestDevices.OpenVulkan(), cpu = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = SmallGraphs.Convolutional();
        float[][] merged = [.. new[] { cpu, vulkan }.Select(device =>
        {
            using ParameterSet original = SmallGraphs.Parameters(device, graph, 1);
            var lora = new LoraGraph(graph, 2, 6);
            using ParameterSet adapted = lora.CreateParameters(original, 7);
            using TrainingProgram training = TrainingProgram.Plan(lora.Adapted, adapted, 4,
                new TrainingOptions(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0.9f), LearningRateSchedule.Constant(0.05f)) { Trainable = lora.IsFactor, Pull = 1e-3f });
            training.SetInput(SmallGraphs.Random(new Random(1), 4 * 162));
            training.SetTargets([0, 1, 2, 3]);
            for (int i = 0; i < 5; i++) training.Run();
            using var target = new ParameterSet(device, graph);
            lora.Merge(adapted, target);
            return graph.Parameters.SelectMany(p => SmallGraphs.Read(target, p.Name)).ToArray();
        })];
        for (int i = 0; i < merged[0].Length; i++) Assert.Equal(merged[0][i], merged[1][i], 1e-3f);
    }

    [VulkanFact]
    public void A_classifier_tunes_its_encoder_on_the_backbones_device()
    {
        using ComputeDevice vulkan = TestDevices.OpenVulkan();
        using Backbone backbone = TinyBackbone.Load(device: vulkan);
        using AdaptiveClassifier whole = EncoderTuningTests.Taught(backbone, EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock)),
            saved = EncoderTuningTests.Taught(backbone, EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock));
        Assert.True(whole.AdaptToEnd().EncoderMix > 0);
        // Saved on the way, gone on with, the same bits on the same device.
        while (saved.Adapt(TimeSpan.FromMilliseconds(1)).Status != AdaptStatus.Published) { }
        for (int i = 0; i < 40 && saved.EncoderVersion == 0; i++) saved.Adapt(TimeSpan.FromMilliseconds(1));
        using AdaptiveClassifier resumed = AdaptiveClassifier.Load(new MemoryStream(EncoderTuningTests.Bytes(saved)), backbone, EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock));
        resumed.AdaptToEnd();
        Assert.Equal(EncoderTuningTests.Bytes(whole), EncoderTuningTests.Bytes(resumed));
    }
}
