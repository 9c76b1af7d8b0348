using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.Transfer;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Evaluation;

/// <summary>Transfer on made-up images: what moves, what is forgotten, what is kept.</summary>
public sealed class TransferTests
{
    private static readonly TransferOptions Options = new(EncoderTuning.All, 1e-3f, 32, 40, 60, null, 1);

    [Fact]
    public void L2_SP_and_replay_keep_the_source_where_plain_training_loses_it()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        TransferReport report = TransferEvaluation.Run(device, TransferWorld.Task(), null, Options);
        Assert.True(report.SourceBefore.Value > 0.9, $"source {report.SourceBefore.Value}");
        Assert.True(report.Unregularised.Target.Value > 0.9 && report.Regularised.Target.Value > 0.9, $"target {report.Unregularised.Target.Value}, {report.Regularised.Target.Value}");
        Assert.True(report.Fall < 5, $"the source falls by {report.Fall}");
        Assert.True(report.Regularised.Source!.Value.Value >= report.Unregularised.Source!.Value.Value);
        Assert.Null(report.Scratch.Source);
        Assert.Equal(report.Unregularised.Moved, report.Scratch.Moved);
    }

    [Fact]
    public void The_same_seed_gives_the_same_figures()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        TransferReport[] reports = [.. Enumerable.Range(0, 2).Select(_ => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Train = EncoderTuning.Lora, Steps = 10, SourceSteps = 10 }))];
        Assert.Equal(reports[0].SourceBefore, reports[1].SourceBefore);
        Assert.Equal(reports[0].Regularised with { MillisecondsPerStep = 0 }, reports[1].Regularised with { MillisecondsPerStep = 0 });
        Assert.Equal(reports[0].Scratch with { MillisecondsPerStep = 0 }, reports[1].Scratch with { MillisecondsPerStep = 0 });
    }

    [Fact]
    public void With_the_trunk_frozen_nothing_is_forgotten()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        TransferReport report = TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Train = EncoderTuning.None, Steps = 10, SourceSteps = 30 });
        Assert.Equal(report.SourceBefore, report.Unregularised.Source);
        Assert.Equal(0, report.Unregularised.Moved);
    }

    [Fact]
    public void A_file_brings_trunk_and_head()
    {
        string path = Path.Combine(Path.GetTempPath(), $"odl-transfer-{Guid.NewGuid():N}.safetensors");
        try
        {
            Graph graph = Classifier(normalised: true);
            var random = new Random(1);
            SafetensorsTensor[] tensors = [.. graph.Parameters.Select(p => SafetensorsTensor.FromSingle("image." + p.Name, [.. p.Shape],
                [.. Enumerable.Range(0, (int)p.Shape.ElementCount).Select(_ => p.Name.EndsWith("norm.variance", StringComparison.Ordinal) ? 1f : random.NextSingle() - 0.5f)]))];
            SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { ["odl.image.graph"] = graph.ToJson(), ["odl.preprocessing"] = """{"kind":"image","channels":1,"size":8,"mean":[0.2],"std":0.5}""" });
            TransferNetwork network = TransferNetwork.Read(path, ["a", "b", "c"], ["d"]);
            Assert.Equal("flat", network.Trunk.Output);
            Assert.NotNull(network.Head);
            Assert.Equal([0.2f], network.Mean);
            // Two outputs are no head for three classes.
            Assert.Null(TransferNetwork.Read(path, ["a", "b"], ["d"]).Head);

            using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
            TransferReport report = TransferEvaluation.Run(device, TransferWorld.Task(), path, Options with { Train = EncoderTuning.NormOnly, Steps = 5 });
            Assert.Equal(8, report.Unregularised.Moved);
            // From scratch the normalisations are measured first: without, nothing would be learnt with these scales.
            Assert.InRange(report.Scratch.Target.Value, 0, 1);

            SafetensorsWriter.Write(path, tensors[1..], new Dictionary<string, string> { ["odl.image.graph"] = graph.ToJson() });
            Assert.Contains("'image.conv.weight' is missing", Assert.Throws<ModelFormatException>(() => TransferNetwork.Read(path, ["a"], [])).Message);
            SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>());
            Assert.Contains("holds no image network", Assert.Throws<ModelFormatException>(() => TransferNetwork.Read(path, ["a"], [])).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_head_beside_the_network_is_taken_by_the_names_of_its_classes()
    {
        var tensors = new Dictionary<string, SafetensorsTensor>
        {
            ["head.weight"] = SafetensorsTensor.FromSingle("head.weight", [3, 2], [1, 2, 3, 4, 5, 6]),
            ["head.bias"] = SafetensorsTensor.FromSingle("head.bias", [3], [7, 8, 9]),
        };
        SafetensorsFile File(string head) => new(new Dictionary<string, string> { ["odl.head"] = head }, tensors);
        SafetensorsFile file = File("""{"features":"x","classes":["cat","dog","bird"]}""");
        (float[] weight, float[] bias) = TransferHead.Read(file, "f", 2, ["bird", "cat"], ["fish"])!.Value;
        Assert.Equal([5, 6, 1, 2], weight);
        Assert.Equal([9, 7], bias);
        Assert.Null(TransferHead.Read(file, "f", 2, ["cow"], ["fish"]));
        Assert.Contains("trained on 'dog', a class of the target", Assert.Throws<ArgumentException>(() => TransferHead.Read(file, "f", 2, ["cat"], ["dog"])).Message);
        Assert.Contains("'head.weight' has 6 elements; expected 9", Assert.Throws<ModelFormatException>(() => TransferHead.Read(file, "f", 3, ["cat"], [])).Message);
        Assert.Contains("does not list", Assert.Throws<ModelFormatException>(() => TransferHead.Read(File("{}"), "f", 2, ["cat"], [])).Message);
    }

    [Fact]
    public void Fresh_statistics_are_those_of_the_batch()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = Classifier(normalised: false);
        using var parameters = new ParameterSet(device, graph);
        var random = new Random(2);
        float[] batch = [.. Enumerable.Range(0, 16 * 64).Select(_ => 3 + random.NextSingle())];
        FreshWeights.Draw(parameters, 1, batch, 16);
        // Up to the normalisation: mean 0 and variance 1 in every channel.
        var part = new Graph(graph.Input, [.. graph.Nodes.Take(2)], "norm");
        using var same = new ParameterSet(device, part);
        foreach (GraphParameter p in part.Parameters)
        {
            var values = new float[p.Shape.ElementCount];
            parameters.Read(p.Name, values);
            same.Write(p.Name, values);
        }
        using ForwardProgram program = ForwardProgram.Plan(part, same, 16);
        program.SetInput(batch);
        program.Run();
        var output = new float[program.Output.Length];
        program.Output.Read(output);
        for (int c = 0; c < 4; c++)
        {
            float[] channel = [.. Enumerable.Range(0, 16).SelectMany(n => output.Skip((n * 4 + c) * 64).Take(64))];
            Assert.Equal(0, channel.Average(), 1e-3f);
            Assert.Equal(1, channel.Average(x => x * x), 1e-2f);
        }
    }

    [Fact]
    public void Replay_takes_as_many_of_each_class()
    {
        LabelledImages images = TransferWorld.Task().Source.Training;
        Assert.Equal(7, new BalancedDraw(images, 1, 7).Kept);
        var draw = new BalancedDraw(images, 1, 6);
        int[] kept = [.. Enumerable.Range(0, 500).Select(_ => draw.Next()).Distinct()];
        Assert.Equal(6, kept.Length);
        Assert.All(kept.GroupBy(i => images.Labels[i]), group => Assert.Equal(2, group.Count()));
    }

    [Fact]
    public void Sides_that_cannot_be_learnt_or_measured_are_refused_in_a_sentence()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        TransferTask task = TransferWorld.Task();
        LabelledImages training = task.Target.Training, one = training.Subset([.. Enumerable.Range(0, training.Count).Where(i => training.Labels[i] == 0)]);
        string Refusal(TransferData target) => Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, task with { Target = target }, null, Options)).Message;
        Assert.Contains("columns: 30 images of 1 class to learn from; expected at least 2", Refusal(task.Target with { Training = one }));
        Assert.Contains("columns: no image to measure on", Refusal(task.Target with { Test = training.Subset([]) }));
        Assert.Contains("the classes to measure on are not those to learn from: column 0, column 1", Refusal(task.Target with { Test = training.OfClasses([0, 1]) }));
        Assert.Contains("'row 0' is a class of rows and of rows", Refusal(task.Source));
    }

    [Fact]
    public void What_cannot_be_is_refused_in_a_sentence()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Assert.Contains("2 images to replay; expected at least 3", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Replay = 2 })).Message);
        Assert.Contains("are both 0", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Replay = 0, Pull = 0 })).Message);
        Assert.Contains("the dial stands at 2", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Dial = [2] })).Message);
        // Too long a step: numbers that are none any more are told, not counted as answers.
        Assert.Contains("expected a learning rate below", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Rate = 1e30f, Steps = 10 })).Message);
        Assert.Contains("1 steps", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Steps = 1 })).Message);
        Assert.Contains("expected one of fashion59", Assert.Throws<ArgumentException>(() => TransferTask.Read("mnist", null, 1, 10)).Message);
        // The small convnet has no normalisation.
        Assert.Contains("NormOnly", Assert.Throws<ArgumentException>(() => TransferEvaluation.Run(device, TransferWorld.Task(), null, Options with { Train = EncoderTuning.NormOnly })).Message);
        string folder = Directory.CreateTempSubdirectory("odl-transfer-").FullName;
        try
        {
            foreach (string name in TransferTask.Names)
                Assert.Contains("Download", Assert.ThrowsAny<IOException>(() => TransferTask.Read(name, folder, 1, 10)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>[1, 8, 8] to [3]: one convolution with a normalisation, and a head.</summary>
    private static Graph Classifier(bool normalised)
    {
        var graph = new GraphBuilder(1, 8, 8);
        graph.Add("conv", new Conv2dLayer(1, 4, 3, 3, Padding: 1, Bias: false));
        graph.Add("norm", new BatchNormLayer(4));
        graph.Add("relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("flat", new FlattenLayer());
        graph.Add("head", new LinearLayer(256, 3));
        if (normalised) graph.Add("unit", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }
}
