namespace OnDeviceLearning.Graphs;

/// <summary>
/// How many samples of a batch pass through a graph together. So many that the weights they share are worth fetching, so
/// few that what one layer leaves is still in the cache when the next one reads it. The first layers of a convnet have few
/// weights and large images, the last ones many weights and small images: so a graph may be cut, with smaller parts before
/// the cut than after it.
/// </summary>
/// <param name="Part">Samples of a part, a divisor of the batch.</param>
/// <param name="Cut">The last node before the cut; -1 for none.</param>
/// <param name="PartBeforeCut">Samples of a part before the cut, a divisor of <see cref="Part"/>.</param>
internal sealed record ForwardParts(int Part, int Cut, int PartBeforeCut)
{
    private const int WeightShare = 8; // weights before the cut fill at most this share of the near cache

    /// <summary>The parts for a device. What is computed does not depend on them.</summary>
    public static ForwardParts Of(Graph graph, int batch, int? sequenceLength, ComputeDevice device)
    {
        if (device.CachedElements == long.MaxValue || batch == 1) return new ForwardParts(batch, -1, batch);
        TensorShape[] shapes = graph.InferShapes(sequenceLength);
        int nodes = graph.Nodes.Count;
        var lastReader = new int[nodes];
        for (int i = 0; i < nodes; i++)
            foreach (int source in graph.InputIndices(i))
                if (source >= 0) lastReader[source] = i;

        long weights = 0, touched = 0, touchedBefore = 0; // a sample's elements that one node reads and writes, at most
        int cut = -1, open = 0; // nodes before this one are read by it or one before it
        for (int i = 0; i < nodes; i++)
        {
            long elements = shapes[i].ElementCount;
            foreach (int source in graph.InputIndices(i)) elements += source < 0 ? 0 : shapes[source].ElementCount;
            touched = Math.Max(touched, elements);
            foreach (ParameterSpec parameter in graph.Nodes[i].Layer.Parameters) weights += parameter.Shape.ElementCount;
            if (open <= i && IsCut(i) && weights <= device.NearElements / WeightShare) (cut, touchedBefore) = (i, touched);
            open = Math.Max(open, lastReader[i]);
        }
        long after = 1;
        for (int i = cut + 1; i < nodes; i++) after = Math.Max(after, shapes[i].ElementCount);
        int part = Divisor(batch, device.CachedElements / after);
        int before = cut < 0 ? part : Divisor(part, device.NearElements / touchedBefore);
        if (before < part) return new ForwardParts(part, cut, before);
        for (int i = 0; i <= cut; i++) after = Math.Max(after, shapes[i].ElementCount);
        part = Divisor(batch, device.CachedElements / after);
        return new ForwardParts(part, -1, part);

        // Where a convolution or linear layer begins, the chain of nodes before it that one operation computes has ended.
        bool IsCut(int i) => i + 1 < nodes && lastReader[i] > i && graph.Nodes[i].Layer is not FlattenLayer
            && graph.Nodes[i + 1].Layer is Conv2dLayer or LinearLayer;
    }

    /// <summary>The largest divisor up to a limit, at least 1.</summary>
    private static int Divisor(int number, long limit)
    {
        for (int parts = 1; parts < number; parts++)
            if (number % parts == 0 && number / parts <= limit) return number / parts;
        return 1;
    }
}
