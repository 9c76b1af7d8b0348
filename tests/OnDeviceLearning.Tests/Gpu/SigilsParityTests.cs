using System.Numerics;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>Whole programs of the shipped backbone, on the CPU and on Vulkan: relative errors of at most 1e-3.</summary>
public sealed class SigilsParityTests : IDisposable
{
    private const double Tolerance = 1e-3;
    private const int Batch = 2, Classes = 8, Steps = 50;
    private static readonly string weights = RepositoryFiles.PathOf("src/OnDeviceLearning.Sigils/Weights/sigils.safetensors");

    private readonly ComputeDevice? vulkan = TestDevices.WhyNoVulkan is null ? TestDevices.OpenVulkan() : null;
    private readonly ComputeDevice cpu = ComputeDevice.OpenCpu();

    public void Dispose()
    {
        vulkan?.Dispose();
        cpu.Dispose();
    }

    [VulkanFact]
    public void Embeddings_of_both_encoders_agree()
    {
        using Backbone there = Backbone.Load(weights, vulkan), here = Backbone.Load(weights, cpu);
        int width = here.EmbeddingWidth;
        float[] expected = new float[width], actual = new float[width];
        foreach (string description in (string[])["a circle with a cross inside", "two zigzags side by side", "a star", "a big snowflake above three small hearts", "an arrow pointing left below a moon"])
        {
            here.Embed(description, expected);
            there.Embed(description, actual);
            AssertNear(description, expected, actual);
        }
        List<Drawing> drawings = [new Drawing([])];
        var random = new Random(2);
        for (int i = 0; i < 11; i++) drawings.Add(Scribble(random));
        foreach (Drawing drawing in drawings)
        {
            here.Embed(drawing, expected);
            there.Embed(drawing, actual);
            AssertNear("a drawing", expected, actual);
        }
        float[] expectedBatch = new float[drawings.Count * width], actualBatch = new float[drawings.Count * width];
        here.EmbedAll(drawings, expectedBatch);
        there.EmbedAll(drawings, actualBatch);
        AssertNear("a batch of drawings", expectedBatch, actualBatch);
        AssertSilent();
    }

    [VulkanFact]
    public void Predictions_agree()
    {
        using Backbone there = Backbone.Load(weights, vulkan), here = Backbone.Load(weights, cpu);
        using AdaptiveClassifier spellsThere = new(there), spellsHere = new(here);
        foreach ((string name, string description) in (ReadOnlySpan<(string, string)>)[("ward", "a circle with a cross inside"), ("storm", "two zigzags side by side"), ("frost", "a big snowflake")])
        {
            spellsHere.Describe(name, description);
            spellsThere.Describe(name, description);
        }
        var random = new Random(4);
        for (int i = 0; i < 12; i++)
        {
            Drawing drawing = Scribble(random);
            Prediction expected = spellsHere.Classify(drawing), actual = spellsThere.Classify(drawing);
            if (expected.Margin > 2e-3f) Assert.Equal(expected.Label, actual.Label);
            for (int c = 0; c < 3; c++) Assert.Equal(expected.Probabilities[c], actual.Probabilities[c], 1e-3f);
            if (i >= 6) continue;
            spellsHere.Teach(drawing, spellsHere.Classes[i % 3]);
            spellsThere.Teach(drawing, spellsThere.Classes[i % 3]);
            spellsHere.AdaptToEnd();
            spellsThere.AdaptToEnd();
        }
        AssertSilent();
    }

    [VulkanFact]
    public void Gradients_of_every_parameter_of_the_image_encoder_agree()
    {
        var options = new TrainingOptions(new CosineCrossEntropyLoss(Classes, 20), new SgdOptimizer(), LearningRateSchedule.Constant(1e-3f));
        using var here = new Training(cpu, options);
        using var there = new Training(vulkan!, options);
        here.Run(0);
        there.Run(0);
        foreach (GraphParameter parameter in here.Graph.Parameters.Where(p => !p.IsStatistic))
        {
            float[] expected = new float[parameter.Shape.ElementCount], actual = new float[parameter.Shape.ElementCount];
            here.Program.ReadGradient(parameter.Name, expected);
            there.Program.ReadGradient(parameter.Name, actual);
            AssertNear(parameter.Name, expected, actual);
        }
        AssertSilent();
    }

    [VulkanFact]
    public void Fifty_steps_of_stochastic_gradient_descent_agree_parameter_by_parameter()
    {
        var options = new TrainingOptions(new CosineCrossEntropyLoss(Classes, 20), new SgdOptimizer(), LearningRateSchedule.Constant(1e-3f)) { ClipNorm = 1 };
        using var here = new Training(cpu, options);
        using var there = new Training(vulkan!, options);
        float[] before = here.Values("projection.weight");
        for (int step = 0; step < Steps; step++)
        {
            here.Run(step);
            there.Run(step);
        }
        Assert.NotEqual(before, here.Values("projection.weight"));
        foreach (GraphParameter parameter in here.Graph.Parameters) AssertNear(parameter.Name, here.Values(parameter.Name), there.Values(parameter.Name));
        AssertSilent();
    }

    [VulkanFact]
    public void Fifty_steps_of_AdamW_agree_by_their_loss()
    {
        var options = new TrainingOptions(new CosineCrossEntropyLoss(Classes, 20), new AdamWOptimizer(), LearningRateSchedule.Cosine(1e-4f, warmUp: 10, total: Steps)) { Pull = 1e-3f };
        using var here = new Training(cpu, options);
        using var there = new Training(vulkan!, options);
        // With a warm-up, as AdamW is used: without one its first updates are the signs of the gradient, down to the smallest
        // element, where two orders of a sum disagree. A few batches in turn, and the loss of a round: of a single batch that
        // is known by heart the loss is nearly nothing, and so would its tolerance be.
        const int batches = 5;
        var losses = new List<float>();
        for (int round = 0; round < Steps / batches; round++)
        {
            float expected = 0, actual = 0;
            for (int batch = 0; batch < batches; batch++)
            {
                here.Run(batch);
                there.Run(batch);
                expected += here.Program.Loss / batches;
                actual += there.Program.Loss / batches;
            }
            losses.Add(expected);
            Assert.InRange(actual, expected * (1 - Tolerance), expected * (1 + Tolerance));
        }
        Assert.True(losses[^1] < 0.7f * losses[0], $"the loss of a round went from {losses[0]} to {losses[^1]}");
        AssertSilent();
    }

    private void AssertSilent() => Assert.Empty(Vulkan.ValidationMessages(vulkan!));

    private static void AssertNear(string what, float[] expected, float[] actual)
    {
        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow((double)actual[i] - expected[i], 2);
            size += (double)expected[i] * expected[i];
        }
        double relative = Math.Sqrt(error / Math.Max(size, 1e-20));
        Assert.True(relative <= Tolerance, $"{what}: relative error {relative:g3}; at most {Tolerance}");
    }

    private static Drawing Scribble(Random random)
    {
        var strokes = new Vector2[1 + random.Next(3)][];
        for (int s = 0; s < strokes.Length; s++)
        {
            strokes[s] = new Vector2[2 + random.Next(6)];
            for (int p = 0; p < strokes[s].Length; p++) strokes[s][p] = new Vector2(random.Next(100), random.Next(100));
        }
        return new Drawing(strokes);
    }

    /// <summary>The image encoder being trained on made-up images of made-up classes.</summary>
    private sealed class Training : IDisposable
    {
        private readonly ParameterSet parameters;

        public Training(ComputeDevice device, TrainingOptions options)
        {
            SafetensorsFile file = SafetensorsReader.Read(weights);
            BackbonePlan plan = BackbonePlan.ForImages(new BackboneMetadata(file.Metadata), file, ModelLimits.Default);
            Graph = plan.Graph;
            parameters = plan.Upload(file, device);
            Program = TrainingProgram.Plan(Graph, parameters, Batch, options);
            var random = new Random(7);
            float[] embeddings = new float[Classes * plan.Width];
            for (int i = 0; i < embeddings.Length; i++) embeddings[i] = random.NextSingle() - 0.5f;
            for (int c = 0; c < Classes; c++) Unit.Normalize(embeddings.AsSpan(c * plan.Width, plan.Width));
            Program.SetClassEmbeddings(embeddings);
        }

        public Graph Graph { get; }

        public TrainingProgram Program { get; }

        public void Run(int seed)
        {
            var random = new Random(seed);
            float[] images = new float[Batch * Graph.Input.Shape.ElementCount];
            for (int i = 0; i < images.Length; i++) images[i] = 2 * random.NextSingle() - 0.5f;
            Program.SetInput(images);
            Program.SetTargets([.. Enumerable.Range(0, Batch).Select(_ => random.Next(Classes))]);
            Program.Run();
        }

        public float[] Values(string parameter)
        {
            float[] values = new float[Graph.Parameters.Single(p => p.Name == parameter).Shape.ElementCount];
            parameters.Read(parameter, values);
            return values;
        }

        public void Dispose()
        {
            Program.Dispose();
            parameters.Dispose();
        }
    }
}
