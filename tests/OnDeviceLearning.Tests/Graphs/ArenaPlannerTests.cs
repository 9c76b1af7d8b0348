using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>Tensors that are alive together never share memory; those that are not, do.</summary>
public sealed class ArenaPlannerTests
{
    [Fact]
    public void Live_tensors_never_overlap()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int steps = random.Next(1, 40);
            PlannedTensor[] tensors = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ =>
            {
                int first = random.Next(steps);
                return new PlannedTensor(random.Next(1, random.Next(2, 2000)), ElementType.Float32) { First = first, Last = random.Next(first, steps) };
            })];
            int length = ArenaPlanner.Place(tensors);

            long together = 0;
            for (int step = 0; step < steps; step++)
                together = Math.Max(together, tensors.Where(t => t.First <= step && step <= t.Last).Sum(t => ArenaPlanner.Aligned(t.Length)));
            Assert.InRange(length, together, tensors.Sum(t => ArenaPlanner.Aligned(t.Length)));
            for (int i = 0; i < tensors.Length; i++)
            {
                PlannedTensor a = tensors[i];
                Assert.True(a.Offset % 16 == 0 && a.Offset >= 0 && a.Offset + a.Length <= length, $"seed {seed}");
                foreach (PlannedTensor b in tensors[..i])
                    if (a.First <= b.Last && b.First <= a.Last)
                        Assert.True(a.Offset + a.Length <= b.Offset || b.Offset + b.Length <= a.Offset, $"seed {seed}: tensors overlap");
            }
        }
    }

    [Fact]
    public void A_chain_needs_two_tensors()
    {
        var chain = new GraphBuilder(64);
        for (int i = 0; i < 20; i++) chain.Add($"a{i}", new ActivationLayer(ActivationKind.Tanh));
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = chain.Build();
        using ParameterSet parameters = new(device, graph);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        Assert.Equal(2 * 128, program.ArenaLength);
    }

    [Fact]
    public void Random_graphs_compute_what_they_compute_without_sharing()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        for (int seed = 0; seed < 30; seed++)
        {
            Graph graph = RandomGraph(new Random(seed));
            using ParameterSet parameters = SmallGraphs.Parameters(device, graph, seed);
            using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 1);
            float[] input = SmallGraphs.Random(new Random(seed), 8);
            program.SetInput(input);
            program.Run();
            float[] expected = Evaluate(graph, parameters, input), actual = SmallGraphs.Read(program.Output);
            for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) < 1e-4, $"seed {seed}: {expected[i]} and {actual[i]}");
        }
    }

    // Every node reads one or two of those before it; the last adds up what nobody has read.
    private static Graph RandomGraph(Random random)
    {
        var graph = new GraphBuilder(8);
        var names = new List<string> { Graph.InputName };
        var unread = new List<string>();
        string Pick()
        {
            string name = names[random.Next(names.Count)];
            unread.Remove(name);
            return name;
        }
        int count = random.Next(3, 25);
        for (int i = 0; i < count; i++)
        {
            string name = random.Next(3) switch
            {
                0 => graph.Add($"n{i}", new AddLayer(), Pick(), Pick()),
                1 => graph.Add($"n{i}", new LinearLayer(8, 8, random.Next(2) == 0), Pick()),
                _ => graph.Add($"n{i}", new ActivationLayer(ActivationKind.Tanh), Pick()),
            };
            names.Add(name);
            unread.Add(name);
        }
        string last = unread[0];
        foreach (string name in unread.Skip(1)) last = graph.Add($"sum.{name}", new AddLayer(), last, name);
        return graph.Build(last);
    }

    private static float[] Evaluate(Graph graph, ParameterSet parameters, float[] input)
    {
        var values = new Dictionary<string, float[]> { [Graph.InputName] = input };
        foreach (GraphNode node in graph.Nodes)
        {
            float[] x = values[node.Inputs[0]];
            values[node.Name] = node.Layer switch
            {
                AddLayer => [.. x.Zip(values[node.Inputs[1]], (a, b) => a + b)],
                ActivationLayer => [.. x.Select(MathF.Tanh)],
                LinearLayer linear => [.. Enumerable.Range(0, 8).Select(o =>
                    Enumerable.Range(0, 8).Sum(i => SmallGraphs.Read(parameters, $"{node.Name}.weight")[8 * o + i] * x[i])
                    + (linear.Bias ? SmallGraphs.Read(parameters, $"{node.Name}.bias")[o] : 0))],
                _ => throw new InvalidOperationException(),
            };
        }
        return values[graph.Output];
    }
}
