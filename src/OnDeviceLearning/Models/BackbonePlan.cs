using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Models;

/// <summary>One encoder of a backbone's file, checked against everything else in the file before its device memory is taken.</summary>
internal sealed class BackbonePlan
{
    private readonly string prefix;
    private readonly HashSet<string> used = [];

    private BackbonePlan(string prefix, string key, string json)
    {
        this.prefix = prefix;
        Key = key;
        try
        {
            Graph = Graph.Parse(json);
        }
        catch (ModelFormatException e)
        {
            throw Error(e.Message);
        }
        if (Graph.OutputShape.Count != 1 || Graph.OutputShape.IsDynamic) throw Error($"the output is {Graph.OutputShape}; expected one vector [D]");
    }

    /// <summary>The metadata key of the graph, for errors.</summary>
    public string Key { get; }

    public Graph Graph { get; }

    /// <summary>Number of values of an embedding.</summary>
    public int Width => Graph.OutputShape[0];

    public static BackbonePlan ForImages(BackboneMetadata model, SafetensorsFile file, ModelLimits limits)
    {
        var plan = new BackbonePlan("image.", "odl.image.graph", model.ImageGraph!);
        plan.RequireInput([model.Image!.Channels, model.Image.Size, model.Image.Size], "odl.preprocessing");
        plan.RequireTensors(file);
        plan.CheckCost(null, limits);
        return plan;
    }

    public static BackbonePlan ForFeatures(BackboneMetadata model, SafetensorsFile file, ModelLimits limits)
    {
        var plan = new BackbonePlan("features.", "odl.features.graph", model.FeatureGraph!);
        plan.RequireInput([model.Features!.Length], "odl.features");
        plan.RequireTensors(file);
        plan.CheckCost(null, limits);
        return plan;
    }

    public static BackbonePlan ForText(BackboneMetadata model, TextTokenizer tokenizer, SafetensorsFile file, ModelLimits limits)
    {
        var plan = new BackbonePlan("text.", "odl.text.graph", model.TextGraph!);
        GraphInput input = plan.Graph.Input;
        if (input.Type != ElementType.Int32 || input.Shape.Count != 1 || !input.Shape.IsDynamic)
            throw plan.Error($"the input is {input.Type} {input.Shape}; expected Int32 [L]");
        if (plan.Graph.Vocabulary <= tokenizer.LargestId)
            throw plan.Error($"the embedding has {plan.Graph.Vocabulary} rows; the tokenizer's largest id is {tokenizer.LargestId}");
        plan.RequireTensors(file);
        plan.CheckCost(1, limits);
        plan.CheckCost(tokenizer.MaxTokens, limits);
        return plan;
    }

    /// <summary>Whether a tensor of the file is a parameter of this encoder.</summary>
    public bool Uses(string tensor) => used.Contains(tensor);

    /// <summary>The parameters on a device.</summary>
    public ParameterSet Upload(SafetensorsFile file, ComputeDevice device)
    {
        var parameters = new ParameterSet(device, Graph);
        try
        {
            float[] values = [];
            foreach (GraphParameter parameter in Graph.Parameters)
            {
                SafetensorsTensor tensor = file.Tensors[prefix + parameter.Name];
                if (values.Length < tensor.Length) values = GC.AllocateUninitializedArray<float>(tensor.Length);
                Span<float> used = values.AsSpan(0, tensor.Length);
                tensor.CopyTo(used);
                if (parameter.IsStatistic && parameter.Name.EndsWith(".variance", StringComparison.Ordinal))
                    for (int i = 0; i < used.Length; i++)
                        if (used[i] < 0) throw new ModelFormatException($"Backbone: tensor '{tensor.Name}' holds {used[i]} at index {i}; a variance is not negative.");
                parameters.Write(parameter.Name, used);
            }
            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    public ModelFormatException Error(string what) => new($"Metadata '{Key}': {what.TrimEnd('.')}.");

    private void RequireInput(int[] shape, string by)
    {
        GraphInput input = Graph.Input;
        if (input.Type != ElementType.Float32 || !Same(input.Shape, shape))
            throw Error($"the input is {input.Type} {input.Shape}; expected Float32 [{string.Join(", ", shape)}] by '{by}'");
    }

    private void RequireTensors(SafetensorsFile file)
    {
        foreach (GraphParameter parameter in Graph.Parameters)
        {
            SafetensorsTensor tensor = file.Tensors.TryGetValue(prefix + parameter.Name, out SafetensorsTensor? found)
                ? found
                : throw new ModelFormatException($"Backbone: tensor '{prefix + parameter.Name}' is missing; the graph expects it with shape {parameter.Shape}.");
            if (!Same(tensor.Shape, parameter.Shape))
                throw new ModelFormatException($"Backbone: tensor '{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}]; the graph expects {parameter.Shape}.");
            if (tensor.Type is not (SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32))
                throw new ModelFormatException($"Backbone: tensor '{tensor.Name}' is {SafetensorsReader.NameOf(tensor.Type)}; expected F16, BF16 or F32.");
            used.Add(tensor.Name);
        }
    }

    private void CheckCost(int? sequenceLength, ModelLimits limits)
    {
        long elements;
        try
        {
            elements = Graph.ActivationElements(sequenceLength);
        }
        catch (ArgumentException e)
        {
            throw Error($"for {sequenceLength} tokens, as 'odl.tokenizer' allows: {e.Message}");
        }
        if (elements > limits.MaxActivations)
            throw Error($"one input makes {elements} intermediate values; at most {limits.MaxActivations} are allowed");
    }

    private static bool Same(IReadOnlyList<int> a, IReadOnlyList<int> b)
    {
        if (a.Count != b.Count) return false;
        for (int i = 0; i < a.Count; i++)
            if (a[i] != b[i]) return false;
        return true;
    }
}
