namespace OnDeviceLearning.Graphs;

/// <summary>
/// The parameters of a graph in one buffer of a device. Programs planned with it read it, training programs change it.
/// Not thread-safe; it must outlive the programs planned with it.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    private readonly Dictionary<string, int> places = []; // in offsets and order
    private readonly int[] offsets;
    private readonly DeviceBuffer buffer;

    /// <summary>Parameters that are all zero.</summary>
    public ParameterSet(ComputeDevice device, Graph graph)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(graph);
        Device = device;
        Graph = graph;
        // What can be trained first, so that neighbours that are trained together are updated in one step.
        var order = new List<GraphParameter>(graph.Parameters.Count);
        foreach (GraphParameter parameter in graph.Parameters)
            if (!parameter.IsStatistic) order.Add(parameter);
        foreach (GraphParameter parameter in graph.Parameters)
            if (parameter.IsStatistic) order.Add(parameter);
        Order = order;
        offsets = new int[order.Count];
        long length = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = (int)length; // or too large, as is found below
            places.Add(order[i].Name, i);
            length += ArenaPlanner.Aligned(order[i].Shape.ElementCount);
        }
        if (length > int.MaxValue) throw new ArgumentException($"ParameterSet: the graph has {graph.ParameterElements} parameters; expected at most {int.MaxValue}.", nameof(graph));
        buffer = device.Allocate(Math.Max(1, (int)length));
    }

    /// <summary>Where the parameters are.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The graph whose parameters these are.</summary>
    public Graph Graph { get; }

    /// <summary>Grows with every change, so that what was derived from the parameters can be told to be stale.</summary>
    public long Version { get; private set; }

    /// <summary>The parameters in the order in which they lie in memory.</summary>
    internal IReadOnlyList<GraphParameter> Order { get; }

    /// <summary>Parameters with values from a file.</summary>
    /// <param name="device">Where they go.</param>
    /// <param name="graph">Whose they are.</param>
    /// <param name="values">Every parameter of the graph, row-major, by its name, and nothing else.</param>
    /// <exception cref="ModelFormatException">A parameter is missing, unknown, of another size or not finite, or a variance is negative.</exception>
    public static ParameterSet Load(ComputeDevice device, Graph graph, IReadOnlyDictionary<string, float[]> values)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(values);
        foreach (GraphParameter parameter in graph.Parameters)
        {
            if (!values.TryGetValue(parameter.Name, out float[]? elements))
                throw new ModelFormatException($"Parameter '{parameter.Name}' is missing; expected {parameter.Shape}.");
            if (elements.Length != parameter.Shape.ElementCount)
                throw new ModelFormatException($"Parameter '{parameter.Name}' has {elements.Length} elements; expected {parameter.Shape}.");
            bool isVariance = parameter.IsStatistic && parameter.Name.EndsWith(".variance", StringComparison.Ordinal);
            for (int i = 0; i < elements.Length; i++)
                if (!float.IsFinite(elements[i]) || (isVariance && elements[i] < 0))
                    throw new ModelFormatException($"Parameter '{parameter.Name}' holds {elements[i]} at index {i}.");
        }
        if (values.Count != graph.Parameters.Count)
        {
            var known = graph.Parameters.Select(p => p.Name).ToHashSet();
            throw new ModelFormatException($"Parameter '{values.Keys.First(name => !known.Contains(name))}' belongs to no node of the graph.");
        }
        var set = new ParameterSet(device, graph);
        foreach ((string name, float[] elements) in values) set.Write(name, elements);
        return set;
    }

    /// <summary>Sets a parameter.</summary>
    /// <exception cref="ArgumentException">There is none of this name, or it has another size.</exception>
    public void Write(string name, ReadOnlySpan<float> values)
    {
        BufferRange range = Checked("Write", name, values.Length);
        buffer.Write(values, range.Offset);
        MarkChanged();
    }

    /// <summary>Copies a parameter out.</summary>
    /// <exception cref="ArgumentException">There is none of this name, or it has another size.</exception>
    public void Read(string name, Span<float> values)
    {
        BufferRange range = Checked("Read", name, values.Length);
        buffer.Read(values, range.Offset);
    }

    /// <summary>The memory of a parameter.</summary>
    internal BufferRange this[string name] => RangeOf(places[name]);

    internal void MarkChanged() => Version++;

    /// <summary>Frees the memory.</summary>
    public void Dispose() => buffer.Dispose();

    private BufferRange Checked(string operation, string name, int length)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!places.TryGetValue(name, out int place)) throw new ArgumentException($"{operation}: no parameter is named '{name}'.", nameof(name));
        BufferRange range = RangeOf(place);
        if (range.Length != length) throw new ArgumentException($"{operation}: parameter '{name}' has {range.Length} elements; got {length}.");
        return range;
    }

    private BufferRange RangeOf(int place) => new(buffer, offsets[place], (int)Order[place].Shape.ElementCount);
}
