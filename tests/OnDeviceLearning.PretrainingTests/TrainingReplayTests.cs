using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Tests.Graphs;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Whole networks trained in the runtime and in torch from the same start: the same losses, step for step.</summary>
public sealed class TrainingReplayTests(ITestOutputHelper log) : TorchTests
{
    private const int Steps = 30, Batch = 8;
    private const double Tolerance = 1e-3;

    [Theory]
    [InlineData("sgd")]
    [InlineData("adamw")]
    public void Convolutional_network(string optimizer)
    {
        using TwinModel model = Model(SmallGraphs.Convolutional());
        int[] targets = [.. Enumerable.Range(0, Batch).Select(i => i % 5)];
        Replay(model, new SoftmaxCrossEntropyLoss(0.1f), optimizer, null,
            training => training.SetTargets(targets),
            output => F.cross_entropy(output, tensor(targets).to(ScalarType.Int64), label_smoothing: 0.1));
    }

    [Theory]
    [InlineData("sgd", false)]
    [InlineData("adamw", false)]
    [InlineData("adamw", true)]
    public void Transformer(string optimizer, bool causal)
    {
        const int classes = 6;
        const float scale = 8;
        using TwinModel model = Model(SmallGraphs.Transformer(causal));
        int[] targets = [.. Enumerable.Range(0, Batch).Select(i => i % classes)];
        Tensor embeddings = eye(classes);
        Replay(model, new CosineCrossEntropyLoss(classes, scale), optimizer, 7,
            training =>
            {
                training.SetTargets(targets);
                training.SetClassEmbeddings(embeddings.Values());
            },
            output => F.cross_entropy(scale * output.matmul(embeddings.t()), tensor(targets).to(ScalarType.Int64)));
    }

    private TwinModel Model(Graph graph) => new(device, graph, TwinModel.RandomValues(graph, seed: 41));

    private void Replay(TwinModel model, TrainingLoss loss, string optimizer, int? length, Action<TrainingProgram> give, Func<Tensor, Tensor> torchLoss)
    {
        const float sgdRate = 0.02f, adamRate = 0.01f;
        bool sgd = optimizer == "sgd";
        var options = sgd
            ? new TrainingOptions(loss, new SgdOptimizer(0.9f, 0.001f), LearningRateSchedule.Constant(sgdRate)) { ClipNorm = 2 }
            : new TrainingOptions(loss, new AdamWOptimizer(), LearningRateSchedule.Constant(adamRate)) { ClipNorm = 2 };
        TorchUpdate torchUpdate = new TorchUpdate(model.Torch)
            .With(p => sgd ? optim.SGD(p, sgdRate, 0.9, 0, 0.001) : optim.AdamW(p, adamRate, 0.9, 0.999, 1e-8, 0.01));
        using TrainingProgram training = TrainingProgram.Plan(model.Graph, model.Parameters, Batch, options, length);
        ModelInput input = ModelInput.Random(model.Graph, Batch, length, new Random(42));
        input.Give(training.SetInput, training.SetInput);
        give(training);
        Tensor torchInput = input.ToTensor(model.Graph);

        double first = 0, last = 0, worst = 0;
        for (int step = 0; step < Steps; step++)
        {
            training.Run();
            Tensor expected = torchLoss(model.Torch.Forward(torchInput));
            expected.backward();
            torchUpdate.Step(options.ClipNorm);
            last = expected.item<float>();
            if (step == 0) first = last;
            worst = Math.Max(worst, Math.Abs(training.Loss - last) / last);
        }
        log.WriteLine($"loss {first:F4} to {last:F4}, worst relative difference {worst:E1}");
        Assert.True(worst <= Tolerance, $"Losses differ by {worst:E2}; expected at most {Tolerance:E0}.");
        Assert.True(last < 0.7 * first, $"Nothing was learnt: the loss went from {first:F4} to {last:F4}.");
    }
}
