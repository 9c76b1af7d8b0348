using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// One update of all parameters: forward, loss, gradient, optimizer. Batch normalisation keeps its statistics, as the
/// runtime does on a player's machine. The first updates move the parameters and are compared; the timed ones have a rate
/// of 0, which costs the same and leaves every run the same numbers to work on.
/// </summary>
internal sealed record TrainingRow(Network Network, int Batch, int Threads)
    : BenchmarkRow($"{Network.Name}, training step, batch {Batch}", RowKind.Training, Threads)
{
    private const int ComparedUpdates = 3, Classes = 10;
    private const float Scale = 20;

    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        (Graph graph, IReadOnlyDictionary<string, float[]> values) = Network.Create();
        var input = new NetworkInput(graph, Batch, Network.SequenceLength);
        var random = new Random(7);
        int[] targets = [.. Enumerable.Range(0, Batch).Select(_ => random.Next(Classes))];
        int width = graph.OutputShape[0];
        float[] classes = UnitRows(random, Classes, width);
        LearningRateSchedule rate = LearningRateSchedule.Cosine(Network.Optimizer is SgdOptimizer ? 1e-2f : 1e-3f, 0, ComparedUpdates);

        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = Threads });
        using ParameterSet parameters = ParameterSet.Load(device, graph, values);
        TrainingLoss loss = Network.IsEncoder ? new CosineCrossEntropyLoss(Classes, Scale) : new SoftmaxCrossEntropyLoss();
        using TrainingProgram ours = TrainingProgram.Plan(graph, parameters, Batch, new TrainingOptions(loss, Network.Optimizer, rate), Network.SequenceLength);
        input.Give(ours.SetInput, ours.SetInput);
        ours.SetTargets(targets);
        if (Network.IsEncoder) ours.SetClassEmbeddings(classes);

        set_num_threads(Threads);
        TorchGraph torch = TorchModel.Create(graph, values);
        using Tensor torchInput = input.ToTensor(), torchTargets = tensor(targets).to(ScalarType.Int64);
        using Tensor? torchClasses = Network.IsEncoder ? tensor(classes).view(Classes, width).t().contiguous() : null;
        using optim.Optimizer optimizer = CreateOptimizer(torch);
        int step = 0;
        float RunTorch(bool keep)
        {
            using DisposeScope scope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups) group.LearningRate = rate.At(step);
            step++;
            optimizer.zero_grad();
            Tensor output = torch.Forward(torchInput);
            if (torchClasses is not null) output = F.normalize(output, dim: -1).matmul(torchClasses) * Scale;
            Tensor value = F.cross_entropy(output, torchTargets);
            value.backward();
            optimizer.step();
            return keep ? value.item<float>() : 0;
        }

        double error = 0;
        float[] ourLosses = new float[ComparedUpdates], torchLosses = new float[ComparedUpdates];
        for (int i = 0; i < ComparedUpdates; i++)
        {
            ours.Run();
            ourLosses[i] = ours.Loss;
            torchLosses[i] = RunTorch(keep: true);
            if (i > 0) continue;
            (float[] actual, float[] expected) = Gradients(graph, ours, torch);
            error = Agreement.Require("TorchSharp's gradient against ours", actual, expected);
        }
        error = Math.Max(error, Agreement.Require("TorchSharp's losses against ours", torchLosses, ourLosses));

        Distribution?[] times = Turns.Measure(effort, ours.Run, null, () => RunTorch(keep: false));
        TorchModel.Free(torch);
        long states = Network.Optimizer is SgdOptimizer ? 1 : 2;
        // Parameters, gradients and the optimizer's state are each read and written.
        Floor floor = Work.Of(ours.Operations, graph.ParameterElements * 2 * (2 + states) + input.Length).On(limits, Threads);
        return new RowResult(this, times[0], null, times[2], floor, error);
    }

    private optim.Optimizer CreateOptimizer(TorchGraph torch)
    {
        Parameter[] trained = [.. torch.Trained.Cast<Parameter>()];
        return Network.Optimizer switch
        {
            SgdOptimizer sgd => optim.SGD(trained, 1, sgd.Momentum, weight_decay: sgd.WeightDecay),
            AdamWOptimizer adam => optim.AdamW(trained, 1, adam.Beta1, adam.Beta2, adam.Epsilon, adam.WeightDecay),
            _ => throw new NotSupportedException($"{Network.Optimizer} has no counterpart in TorchSharp here."),
        };
    }

    private static (float[] Torch, float[] Ours) Gradients(Graph graph, TrainingProgram ours, TorchGraph torch)
    {
        var actual = new List<float>();
        var expected = new List<float>();
        foreach (GraphParameter parameter in graph.Parameters.Where(p => !p.IsStatistic))
        {
            var gradient = new float[parameter.Shape.ElementCount];
            ours.ReadGradient(parameter.Name, gradient);
            expected.AddRange(gradient);
            // Positions beyond the sequence and words that do not occur have none.
            actual.AddRange(torch.Parameters[parameter.Name].grad is { } g ? g.Values() : new float[gradient.Length]);
        }
        return ([.. actual], [.. expected]);
    }

    private static float[] UnitRows(Random random, int rows, int width)
    {
        var values = new float[rows * width];
        for (int r = 0; r < rows; r++)
        {
            Span<float> row = values.AsSpan(r * width, width);
            double squares = 0;
            for (int i = 0; i < width; i++)
            {
                row[i] = 2 * random.NextSingle() - 1;
                squares += row[i] * row[i];
            }
            foreach (ref float value in row) value /= (float)Math.Sqrt(squares);
        }
        return values;
    }
}
