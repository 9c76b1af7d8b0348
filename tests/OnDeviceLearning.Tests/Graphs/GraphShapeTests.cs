using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>Shapes follow from the input's; what does not fit is refused with the node's name.</summary>
public sealed class GraphShapeTests
{
    [Fact]
    public void Shapes_are_inferred()
    {
        Assert.Equal("[5]", SmallGraphs.Convolutional().OutputShape.ToString());
        Assert.Equal("[6]", SmallGraphs.Transformer().OutputShape.ToString());
    }

    [Fact]
    public void A_sequence_keeps_its_length_open()
    {
        var graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(7, 4));
        Assert.Equal("[L, 4]", graph.Build().OutputShape.ToString());
    }

    [Fact]
    public void Parameters_are_named_after_their_nodes()
    {
        var graph = new GraphBuilder(3, 8, 8);
        graph.Add("stage2.conv1", new Conv2dLayer(3, 16, 3, 3));
        graph.Add("norm", new BatchNormLayer(16));
        Assert.Equal(
            ["stage2.conv1.weight [16, 3, 3, 3]", "stage2.conv1.bias [16]", "norm.weight [16]", "norm.bias [16]", "norm.mean [16]", "norm.variance [16]"],
            graph.Build().Parameters.Select(p => $"{p.Name} {p.Shape}"));
        Assert.Equal(16 * 27 + 16 + 64, graph.Build().ParameterElements);
    }

    [Fact]
    public void Errors_name_the_node_and_both_sizes()
    {
        Refused("Conv2d 'stage2.conv1': input has 32 channels; expected 64.", [32, 8, 8], "stage2.conv1", new Conv2dLayer(64, 64, 3, 3));
        Refused("Conv2d 'c': a window of 9 does not fit an input of 6 with padding 1.", [1, 6, 6], "c", new Conv2dLayer(1, 1, 3, 3, 1, 1, 4));
        Refused("Conv2d 'c': 4 input and 6 output channels; expected multiples of the 4 groups.", [4, 6, 6], "c", new Conv2dLayer(4, 6, 3, 3, Groups: 4));
        Refused("Conv2d 'c': stride is 0; expected at least 1.", [4, 6, 6], "c", new Conv2dLayer(4, 6, 3, 3, 0));
        Refused("Conv2d 'c': padding is 1073741824; with it the input has 2147483652 positions.", [1, 4, 4], "c", new Conv2dLayer(1, 1, 3, 3, 1 << 30, 1 << 30));
        Refused("Conv2d 'c': input is [4]; expected an image [C, H, W].", [4], "c", new Conv2dLayer(4, 6, 3, 3));
        Refused("Linear 'head': input has 10 features; expected 12.", [10], "head", new LinearLayer(12, 3));
        Refused("LayerNorm 'n': input has 4 features; expected 5.", [7, 4], "n", new LayerNormLayer(5));
        Refused("GroupNorm 'n': 6 channels; expected a multiple of the 4 groups.", [6, 4, 4], "n", new GroupNormLayer(6, 4));
        Refused("BatchNorm 'n': input has 6 channels; expected 8.", [6, 4, 4], "n", new BatchNormLayer(8));
        Refused("BatchNorm 'n': epsilon is NaN; expected a number between 0 and 1.", [6, 4, 4], "n", new BatchNormLayer(6, float.NaN));
        Refused("MaxPool2d 'p': padding is 2; expected at most half the kernel of 3.", [6, 4, 4], "p", new MaxPool2dLayer(3, 1, 2));
        Refused("Attention 'a': input has 10 features; expected a multiple of 3 x 2 heads.", [5, 10], "a", new AttentionLayer(2));
        Refused("SelectToken 's': index is -6; expected one of 5 positions.", [5, 10], "s", new SelectTokenLayer(-6));
        Refused("Position 'p': input has 5 positions; expected at most 4.", [5, 10], "p", new PositionLayer(4, 10));
        Refused("Node 'e': its input 'input' is Float32; expected Int32.", [5], "e", new EmbeddingLayer(4, 10));
        Refused("Add 'sum': 1 inputs; expected 2.", [5], "sum", new AddLayer());
    }

    [Fact]
    public void Inputs_that_are_joined_must_fit()
    {
        var add = new GraphBuilder(4, 6, 6);
        add.Add("a", new Conv2dLayer(4, 4, 3, 3));
        add.Add("sum", new AddLayer(), "a", "input");
        Refused("Add 'sum': inputs are [4, 4, 4] and [4, 6, 6]; expected equal shapes.", () => add.Build());

        var concat = new GraphBuilder(4, 6, 6);
        concat.Add("a", new Conv2dLayer(4, 4, 3, 3));
        concat.Add("both", new ConcatLayer(0), "input", "a");
        Refused("Concat 'both': inputs are [4, 6, 6] and [4, 4, 4]; expected them to differ only in axis 0.", () => concat.Build());
    }

    [Fact]
    public void Names_and_order_are_checked()
    {
        var input = new GraphInput(new TensorShape(4));
        GraphNode Node(string name, string from) => new(name, new SoftmaxLayer(), [from]);
        Refused("Node 'a': its input 'b' is neither \"input\" nor a node before it.", () => new Graph(input, [Node("a", "b"), Node("b", "input")], "a"));
        Refused("Node 'a': its input 'a' is neither \"input\" nor a node before it.", () => new Graph(input, [Node("a", "a")], "a"));
        Refused("Node 'a': the name is used twice.", () => new Graph(input, [Node("a", "input"), Node("a", "a")], "a"));
        Refused("Node 'input': the name is kept for the graph's input.", () => new Graph(input, [Node("input", "input")], "input"));
        Refused("Node 'b': nothing leads from it to the output 'a'.", () => new Graph(input, [Node("a", "input"), Node("b", "a")], "a"));
        Refused("Graph: the output 'c' is no node.", () => new Graph(input, [Node("a", "input")], "c"));
        Refused("Graph: no nodes.", () => new Graph(input, [], "c"));
    }

    [Fact]
    public void Sizes_beyond_a_buffer_are_refused()
    {
        Refused("Node 'e': weight is [2000000000, 2000000000]; expected at most 1073741823 elements.",
            () => new Graph(new GraphInput(new TensorShape(TensorShape.Dynamic), ElementType.Int32), [new("e", new EmbeddingLayer(2_000_000_000, 2_000_000_000), ["input"])], "e"));
        Refused("Node 'c': its output is [2000000000, 100000, 100000]; expected at most 1073741823 elements.", [1, 100_000, 100_000], "c", new Conv2dLayer(1, 2_000_000_000, 1, 1));
    }

    [Fact]
    public void A_length_is_asked_for_where_it_is_needed()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph text = SmallGraphs.Transformer(), image = SmallGraphs.Convolutional();
        using ParameterSet textParameters = new(device, text), imageParameters = new(device, image);
        Refused("Graph: the input's shape is [L]; a sequence length is needed.", () => ForwardProgram.Plan(text, textParameters, 1));
        Refused("Position 'positions': input has 10 positions; expected at most 9.", () => ForwardProgram.Plan(text, textParameters, 1, 10));
        Refused("Graph: a sequence length of 3 is given, but the input's shape is [2, 9, 9].", () => ForwardProgram.Plan(image, imageParameters, 1, 3));
        Refused("Plan: the batch is 0; expected at least 1.", () => ForwardProgram.Plan(image, imageParameters, 0));
        Refused("Plan: the parameters are those of another graph.", () => ForwardProgram.Plan(image, textParameters, 1));
    }

    private static void Refused(string message, int[] input, string name, Layer layer)
    {
        var graph = new GraphBuilder(input);
        graph.Add(name, layer);
        Refused(message, () => graph.Build());
    }

    private static void Refused(string message, Func<object> action)
    {
        string actual = Assert.ThrowsAny<ArgumentException>(action).Message;
        Assert.StartsWith(message, actual, StringComparison.Ordinal);
    }
}
