using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Optimizers of torch.optim for the parameters of a <see cref="TorchGraph"/>, which are not torch modules' own.</summary>
internal sealed class TorchUpdate
{
    private readonly TorchGraph graph;
    private readonly Dictionary<string, Parameter> copies;
    private readonly List<optim.Optimizer> optimizers = [];

    public TorchUpdate(TorchGraph graph)
    {
        this.graph = graph;
        copies = graph.Parameters.Where(p => p.Value.requires_grad).ToDictionary(p => p.Key, p => new Parameter(p.Value.detach().clone()));
    }

    /// <summary>Gives an optimizer the parameters that <paramref name="which"/> picks.</summary>
    public TorchUpdate With(Func<IEnumerable<Parameter>, optim.Optimizer> create, Func<Tensor, bool>? which = null)
    {
        optimizers.Add(create(copies.Values.Where<Parameter>(which ?? (_ => true)).ToList()));
        return this;
    }

    /// <summary>One update from the gradients that a backward pass left, which are cleared.</summary>
    public void Step(double? clipNorm = null)
    {
        using var _ = no_grad();
        foreach ((string name, Parameter copy) in copies) copy.grad = graph.Parameters[name].grad!.clone();
        if (clipNorm is { } limit) nn.utils.clip_grad_norm_(copies.Values, limit);
        foreach (optim.Optimizer optimizer in optimizers) optimizer.step();
        foreach ((string name, Parameter copy) in copies) graph.Parameters[name].copy_(copy);
        graph.ClearGradients();
    }

    /// <summary>The gradient of a parameter as the last <see cref="Step"/> used it.</summary>
    public float[] Gradient(string name) => copies[name].grad!.Values();
}
