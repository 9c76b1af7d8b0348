using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Tests.Graphs;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Losses, clipping and ten steps of every optimizer against torch's.</summary>
public sealed class OptimizerParityTests : TorchTests
{
    /// <summary>Of the largest element; ten roundings of ten steps.</summary>
    private const double Tolerance = 1e-5;
    private const int Features = 6, Classes = 5, Batch = 4, Steps = 10;
    private const float Rate = 0.03f;

    private readonly Random random = new(31);

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.9f, 0, false)]
    [InlineData(0.9f, 0.05f, false)]
    [InlineData(0.9f, 0.05f, true)]
    public void Sgd(float momentum, float weightDecay, bool nesterov) => Follow(
        new SgdOptimizer(momentum, weightDecay, nesterov),
        parameters => optim.SGD(parameters, Rate, momentum, 0, weightDecay, nesterov));

    [Theory]
    [InlineData(0.9f, 0.999f, 1e-8f, 0.01f)]
    [InlineData(0.8f, 0.98f, 1e-4f, 0.2f)]
    [InlineData(0.9f, 0.95f, 1e-8f, 0)]
    public void AdamW(float beta1, float beta2, float epsilon, float weightDecay) => Follow(
        new AdamWOptimizer(beta1, beta2, epsilon, weightDecay),
        parameters => optim.AdamW(parameters, Rate, beta1, beta2, epsilon, weightDecay));

    [Theory]
    [InlineData(0.05f)]
    [InlineData(1000)]
    public void Clipping_by_norm(float limit)
    {
        using TwinModel model = Perceptron();
        var options = new TrainingOptions(new InjectedGradientLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(Rate)) { ClipNorm = limit };
        using TrainingProgram training = TrainingProgram.Plan(model.Graph, model.Parameters, Batch, options);
        TorchUpdate torchUpdate = new TorchUpdate(model.Torch).With(p => optim.SGD(p, Rate));
        (float[] input, float[] gradient) = Draw();
        Backward(model, input, gradient);
        double norm = Math.Sqrt(model.Torch.Trained.Sum(p => p.grad!.square().sum().item<float>()));
        Assert.Equal(limit < 1, norm > limit);
        torchUpdate.Step(limit);
        Update(training, input, gradient);
        foreach (string name in model.Trained) Agree(name, Gradient(training, model, name), torchUpdate.Gradient(name));
        ParametersAgree(model);
    }

    [Fact]
    public void Pull_to_the_start()
    {
        const float pull = 0.3f;
        using TwinModel model = Perceptron();
        var options = new TrainingOptions(new InjectedGradientLoss(), new SgdOptimizer(0.5f), LearningRateSchedule.Constant(Rate)) { Pull = pull };
        using TrainingProgram training = TrainingProgram.Plan(model.Graph, model.Parameters, Batch, options);
        Dictionary<string, Tensor> start = model.Torch.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone());
        TorchUpdate torchUpdate = new TorchUpdate(model.Torch).With(p => optim.SGD(p, Rate, 0.5));
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, float[] gradient) = Draw();
            Backward(model, input, gradient);
            foreach ((string name, Tensor from) in start) (pull * (model.Torch.Parameters[name] - from).square().sum()).backward();
            torchUpdate.Step();
            Update(training, input, gradient);
            ParametersAgree(model);
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.1f, false)]
    [InlineData(0, true)]
    [InlineData(0.3f, true)]
    public void Softmax_cross_entropy(float labelSmoothing, bool weighted)
    {
        using TwinModel model = Perceptron();
        using TrainingProgram training = Plan(model, new SoftmaxCrossEntropyLoss(labelSmoothing, weighted));
        (float[] input, _) = Draw();
        int[] targets = [3, 0, 3, 1];
        float[] weights = [0.5f, 2, 0, 1.5f, 0.1f];
        training.SetTargets(targets);
        if (weighted) training.SetClassWeights(weights);

        Tensor logits = model.Torch.Forward(tensor(input).view(Batch, Features));
        Tensor loss = F.cross_entropy(logits, tensor(targets).to(ScalarType.Int64), weighted ? tensor(weights) : null, label_smoothing: labelSmoothing);
        LossAgrees(model, training, input, loss);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1f)]
    public void Cosine_cross_entropy(float labelSmoothing)
    {
        const int classes = 7;
        const float scale = 14;
        using TwinModel model = Perceptron();
        using TrainingProgram training = Plan(model, new CosineCrossEntropyLoss(classes, scale, labelSmoothing));
        (float[] input, _) = Draw();
        Tensor embeddings = F.normalize(tensor(ModelInput.RandomValues(classes * Classes, random)).view(classes, Classes));
        int[] targets = [6, 0, 2, 2];
        training.SetTargets(targets);
        training.SetClassEmbeddings(embeddings.Values());

        Tensor cosines = F.normalize(model.Torch.Forward(tensor(input).view(Batch, Features))).matmul(embeddings.t());
        LossAgrees(model, training, input, F.cross_entropy(scale * cosines, tensor(targets).to(ScalarType.Int64), label_smoothing: labelSmoothing));
    }

    /// <summary>Pretraining's own AdamW: matrices decay, vectors do not, and the gradients are clipped.</summary>
    [Theory]
    [InlineData(0.1)]
    [InlineData(1000)]
    public void AdamW_of_pretraining(double clipNorm)
    {
        const double decay = 0.05;
        Dictionary<string, float[]> values = TwinModel.RandomValues(Network, seed: 32);
        using var ours = new TwinModel(device, Network, values);
        using var torchs = new TwinModel(device, Network, values);
        var optimizer = new AdamW(ours.Torch.Parameters, decay);
        TorchUpdate torchUpdate = new TorchUpdate(torchs.Torch)
            .With(p => optim.AdamW(p, Rate, 0.9, 0.98, 1e-8, decay), p => p.dim() >= 2)
            .With(p => optim.AdamW(p, Rate, 0.9, 0.98, 1e-8, 0), p => p.dim() < 2);
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, float[] gradient) = Draw();
            Backward(ours, input, gradient);
            Backward(torchs, input, gradient);
            optimizer.Step(Rate, clipNorm);
            torchUpdate.Step(clipNorm);
            foreach ((string name, Tensor expected) in torchs.Torch.Parameters) Agree(name, ours.Torch.Parameters[name].Values(), expected.Values());
        }
        Assert.Equal(Steps, optimizer.Steps);
        Assert.All(ours.Torch.Trained, p => Assert.Equal(0, p.grad!.abs().sum().item<float>()));
    }

    private static Graph Network { get; } = SmallGraphs.Perceptron(Features, 9, Classes);

    private TwinModel Perceptron() => new(device, Network, TwinModel.RandomValues(Network, seed: 32));

    private void Follow(Optimizer optimizer, Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> create)
    {
        using TwinModel model = Perceptron();
        using TrainingProgram training = TrainingProgram.Plan(model.Graph, model.Parameters, Batch,
            new TrainingOptions(new InjectedGradientLoss(), optimizer, LearningRateSchedule.Constant(Rate)));
        TorchUpdate torchUpdate = new TorchUpdate(model.Torch).With(create);
        for (int step = 0; step < Steps; step++)
        {
            (float[] input, float[] gradient) = Draw();
            Backward(model, input, gradient);
            torchUpdate.Step();
            Update(training, input, gradient);
            ParametersAgree(model);
        }
    }

    private static TrainingProgram Plan(TwinModel model, TrainingLoss loss) =>
        TrainingProgram.Plan(model.Graph, model.Parameters, Batch, new TrainingOptions(loss, new SgdOptimizer(0), LearningRateSchedule.Constant(0)));

    private (float[] Input, float[] Gradient) Draw() =>
        (ModelInput.RandomValues(Batch * Features, random), ModelInput.RandomValues(Batch * Classes, random));

    private static void Backward(TwinModel model, float[] input, float[] gradient) =>
        (model.Torch.Forward(tensor(input).view(Batch, Features)) * tensor(gradient).view(Batch, Classes)).sum().backward();

    private static void Update(TrainingProgram training, float[] input, float[] gradient)
    {
        training.SetInput(input);
        training.SetOutputGradient(gradient);
        training.Run();
    }

    private static void LossAgrees(TwinModel model, TrainingProgram training, float[] input, Tensor loss)
    {
        loss.backward();
        training.SetInput(input);
        training.Run();
        Agree("loss", [training.Loss], loss.Values());
        foreach (string name in model.Trained) Agree(name, Gradient(training, model, name), model.Torch.Parameters[name].grad!.Values());
    }

    private static float[] Gradient(TrainingProgram training, TwinModel model, string name)
    {
        var gradient = new float[model.Torch.Parameters[name].numel()];
        training.ReadGradient(name, gradient);
        return gradient;
    }

    private static void ParametersAgree(TwinModel model)
    {
        foreach (string name in model.Trained) Agree(name, SmallGraphs.Read(model.Parameters, name), model.Torch.Parameters[name].Values());
    }

    private static void Agree(string name, float[] actual, float[] expected)
    {
        double error = Results.LargestError(actual, expected);
        Assert.True(error <= Tolerance, $"{name} differs by {error:E2}; expected at most {Tolerance:E0}.");
    }
}
