using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Benchmarks;

/// <summary>One batch through a network, with the parameters fixed.</summary>
internal sealed record ForwardRow(Network Network, int Batch, int Threads)
    : BenchmarkRow($"{Network.Name}, forward, batch {Batch}", RowKind.Forward, Threads)
{
    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        (Graph graph, IReadOnlyDictionary<string, float[]> values) = Network.Create();
        var input = new NetworkInput(graph, Batch, Network.SequenceLength);

        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = Threads });
        using ParameterSet parameters = ParameterSet.Load(device, graph, values);
        using ForwardProgram ours = ForwardProgram.Plan(graph, parameters, Batch, Network.SequenceLength);
        input.Give(ours.SetInput, ours.SetInput);
        var output = new float[ours.Output.Length];

        using var onnx = new OnnxContestant(parameters, Batch, Network.SequenceLength, input, [Batch, .. ours.OutputShape.Select(d => (long)d)], Threads);

        set_num_threads(Threads);
        TorchGraph torch = TorchModel.Create(graph, values);
        using Tensor torchInput = input.ToTensor();
        float[] torchOutput = [];
        void RunTorch(bool keep)
        {
            using IDisposable inference = inference_mode();
            using DisposeScope scope = NewDisposeScope();
            Tensor result = torch.Forward(torchInput);
            if (keep) torchOutput = result.Values();
        }

        ours.Run();
        ours.Output.Read(output);
        onnx.Run();
        RunTorch(keep: true);
        double error = Math.Max(
            Agreement.Require("ONNX Runtime's output against ours", onnx.Output, output),
            Agreement.Require("TorchSharp's output against ours", torchOutput, output));

        Distribution?[] times = Turns.Measure(effort, ours.Run, onnx.Run, () => RunTorch(keep: false));
        TorchModel.Free(torch);
        Floor floor = Work.Of(ours.Operations, graph.ParameterElements + input.Length + output.Length).On(limits, Threads);
        return new RowResult(this, times[0], times[1], times[2], floor, error);
    }
}
