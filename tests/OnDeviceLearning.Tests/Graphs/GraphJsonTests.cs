using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>A graph survives being written and read; anything else is refused with the node's name.</summary>
public sealed class GraphJsonTests
{
    private const string Good = """
        {"input":{"shape":[4],"type":"float32"},
         "nodes":[{"name":"head","layer":"linear","inputs":["input"],"inFeatures":4,"outFeatures":2,"bias":true}],
         "output":"head"}
        """;

    public static TheoryData<string, Func<Graph>> Graphs => new()
    {
        { "image", SmallGraphs.Convolutional },
        { "text", () => SmallGraphs.Transformer(causal: true) },
        { "activations", Activations },
    };

    [Theory]
    [MemberData(nameof(Graphs), DisableDiscoveryEnumeration = true)]
    public void Round_trip(string name, Func<Graph> build)
    {
        Graph graph = build();
        Graph read = Graph.Parse(graph.ToJson());
        Assert.True(graph.ToJson() == read.ToJson(), name);
        Assert.Equal(graph.Input, read.Input);
        Assert.Equal(graph.Output, read.Output);
        Assert.Equal(graph.Nodes.Select(n => n.Layer), read.Nodes.Select(n => n.Layer));
        Assert.Equal(graph.Nodes.Select(n => string.Join(",", n.Inputs)), read.Nodes.Select(n => string.Join(",", n.Inputs)));
        Assert.Equal(graph.Parameters, read.Parameters);
    }

    [Fact]
    public void The_format_is_the_documented_one()
    {
        Graph graph = Graph.Parse(Good);
        Assert.Equal(new LinearLayer(4, 2), graph.Nodes.Single().Layer);
        Assert.Equal(
            """{"input":{"shape":[4],"type":"float32"},"nodes":[{"name":"head","layer":"linear","inputs":["input"],"inFeatures":4,"outFeatures":2,"bias":true}],"output":"head"}""",
            graph.ToJson());
        Assert.StartsWith("""{"input":{"shape":["L"],"type":"int32"},"nodes":""", SmallGraphs.Transformer().ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"bias\":true", "\"bias\":1", "Node 'head': 'bias' is Number; expected true or false.")]
    [InlineData(",\"bias\":true", "", "Node 'head': 'bias' is missing.")]
    [InlineData("\"bias\":true", "\"bias\":true,\"colour\":3", "Node 'head': 'colour' is unknown here.")]
    [InlineData("\"bias\":true", "\"bias\":true,\"bias\":true", "Graph: node 0: 'bias' is given twice.")]
    [InlineData("\"linear\"", "\"lineal\"", "Node 'head': layer 'lineal' is unknown.")]
    [InlineData("\"outFeatures\":2", "\"outFeatures\":2.5", "Node 'head': 'outFeatures' is 2.5; expected a whole number.")]
    [InlineData("\"outFeatures\":2", "\"outFeatures\":99999999999", "Node 'head': 'outFeatures' is 99999999999; expected a whole number.")]
    [InlineData("\"outFeatures\":2", "\"outFeatures\":-2", "Linear 'head': outFeatures is -2; expected at least 1.")]
    [InlineData("\"inFeatures\":4", "\"inFeatures\":5", "Linear 'head': input has 4 features; expected 5.")]
    [InlineData("[\"input\"]", "[\"stem\"]", "Node 'head': its input 'stem' is neither \"input\" nor a node before it.")]
    [InlineData("[\"input\"]", "[7]", "Node 'head': 'inputs' holds Number; expected names.")]
    [InlineData("[\"input\"]", "[]", "Linear 'head': 0 inputs; expected 1.")]
    [InlineData("\"name\":\"head\"", "\"name\":null", "Graph: node 0: 'name' is Null; expected String.")]
    [InlineData("\"name\":\"head\"", "\"name\":\"\\ud800\"", "Graph: node 0: 'name' is not valid Unicode.")]
    [InlineData("\"output\":\"head\"", "\"output\":\"tail\"", "Graph: the output 'tail' is no node.")]
    [InlineData("\"output\":\"head\"", "\"output\":\"head\",\"x\":1", "Graph: 'x' is unknown here.")]
    [InlineData("[4]", "[0]", "Graph: input: 'shape' holds 0; expected whole numbers of at least 1, or \"L\".")]
    [InlineData("[4]", "[\"L\",\"L\",4]", "Shape [L, L, 4]: two dynamic dimensions; expected at most one.")]
    [InlineData("[4]", "[1,1,1,1,1,1,1,1,4]", "Graph: input: 'shape' has more than 8 dimensions.")]
    [InlineData("float32", "float64", "Graph: input: 'type' is 'float64'; expected one of float32, int32.")]
    [InlineData("\"nodes\":[", "\"nodes\":[3,", "Graph: node 0: Number; expected an object.")]
    public void Malformed(string what, string with, string message)
    {
        Assert.Contains(what, Good, StringComparison.Ordinal);
        Assert.StartsWith(message, Assert.Throws<ModelFormatException>(() => Graph.Parse(Good.Replace(what, with))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_cut_off_or_changed_is_refused_or_read_but_never_crashes()
    {
        string json = SmallGraphs.Transformer().ToJson();
        for (int i = 0; i < json.Length; i += 7)
            Assert.Throws<ModelFormatException>(() => Graph.Parse(json[..i]));
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            char[] changed = json.ToCharArray();
            changed[random.Next(changed.Length)] = "0129-\"{}[],:xé\ud800"[random.Next(15)];
            try
            {
                Graph.Parse(new string(changed));
            }
            catch (ModelFormatException)
            {
            }
        }
    }

    private static Graph Activations()
    {
        var graph = new GraphBuilder(3, 5);
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>()) graph.Add($"\"{kind}\" é", new ActivationLayer(kind));
        return graph.Build();
    }
}
