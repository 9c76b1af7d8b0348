using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// Chains of nodes that one operation computes: a convolution or linear layer, its folded batch normalisation, the sum with
/// a residual and an activation, each the only reader of the one before it. Where a gradient needs the activation's input,
/// which would no longer exist, the chain ends before it; ReLU's does not.
/// </summary>
internal sealed class EpilogueFusion
{
    /// <summary>One chain.</summary>
    /// <param name="Product">The convolution or linear layer.</param>
    /// <param name="Fold">The batch normalisation taken into it, if any.</param>
    /// <param name="Residual">The node (-1: the graph's input) that is added, if any.</param>
    /// <param name="Activation">What comes last, if anything.</param>
    /// <param name="Inner">Every node of the chain but the last.</param>
    internal sealed record Chain(int Product, BatchNormFolding.Fold? Fold, int? Residual, ActivationKind? Activation, IReadOnlyList<int> Inner);

    private readonly Chain?[] chains; // by index of their last node
    private readonly bool[] inner;

    public EpilogueFusion(Graph graph, BatchNormFolding? folding, bool[] needsGradient)
    {
        chains = new Chain?[graph.Nodes.Count];
        inner = new bool[graph.Nodes.Count];
        var reader = new int[graph.Nodes.Count]; // the only one, -1 where there is none, -2 where there are several
        Array.Fill(reader, -1);
        for (int i = 0; i < reader.Length; i++)
            foreach (int source in graph.InputIndices(i))
                if (source >= 0) reader[source] = reader[source] == -1 ? i : -2;

        // From the last node on: of two products that are added, the later one takes the earlier one's result as residual.
        for (int product = reader.Length - 1; product >= 0; product--)
        {
            if (graph.Nodes[product].Layer is not (Conv2dLayer or LinearLayer)) continue;
            BatchNormFolding.Fold? fold = null;
            int? residual = null;
            ActivationKind? activation = null;
            List<int> chain = [product];
            if (Next() is { } norm && folding?.At(norm) is { } folded)
            {
                fold = folded;
                chain.Add(norm);
            }
            if (Next() is { } add && graph.Nodes[add].Layer is AddLayer)
            {
                int[] inputs = graph.InputIndices(add);
                residual = inputs[0] == chain[^1] ? inputs[1] : inputs[0];
                chain.Add(add);
            }
            if (Next() is { } last && graph.Nodes[last].Layer is ActivationLayer { Kind: var kind } && (kind == ActivationKind.Relu || !needsGradient[chain[^1]]))
            {
                activation = kind;
                chain.Add(last);
            }
            if (chain.Count == 1) continue;
            int end = chain[^1];
            chain.RemoveAt(chain.Count - 1);
            foreach (int node in chain) inner[node] = true;
            chains[end] = new Chain(product, fold, residual, activation, chain);

            // The node that alone reads the end of the chain, unless another chain has it.
            int? Next() => reader[chain[^1]] is >= 0 and var next && !inner[next] && chains[next] is null ? next : null;
        }
    }

    /// <summary>Whether node <paramref name="index"/> is computed with a later one.</summary>
    public bool IsInner(int index) => inner[index];

    /// <summary>The chain whose result is that of node <paramref name="index"/>; null where the node stands alone.</summary>
    public Chain? EndingAt(int index) => chains[index];
}
