using System.Text.Json.Nodes;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>Writes a tuned network as the recipes of <c>odl pretrain</c> write theirs: a backbone, with the head beside it.</summary>
internal static class TransferFile
{
    /// <summary>
    /// The trunk, a normalisation to unit length behind it, every weight as it was measured (32 bits), and the head:
    /// over the classes of both sides where both were learnt in one softmax, otherwise over the target's.
    /// </summary>
    /// <exception cref="ArgumentException">The network's input is no square image of 4 pixels or more.</exception>
    public static void Write(string path, TransferNetwork network, TransferTask task, TransferOptions options, TransferRow row, ParameterSet parameters)
    {
        Graph trunk = network.Trunk, encoder = new(trunk.Input, [.. trunk.Nodes, new GraphNode("embedding", new L2NormalizeLayer(1e-6f), [trunk.Output])], "embedding");
        List<SafetensorsTensor> tensors = [.. trunk.Parameters.Select(p => SafetensorsTensor.FromSingle("image." + p.Name, [.. p.Shape], Values(parameters, p.Name, p.Shape.ElementCount)))];
        string[] heads = options.Replay > 0 ? [TransferNetwork.SourceHead, TransferNetwork.TargetHead] : [TransferNetwork.TargetHead];
        string[] classes = [.. options.Replay > 0 ? task.Source.Training.ClassNames : [], .. task.Target.Training.ClassNames];
        float[] Rows(string name, int perClass) =>
            [.. heads.SelectMany(head => Values(parameters, $"{head}.{name}", (long)perClass * (head == TransferNetwork.SourceHead ? task.Source.Classes : task.Target.Classes)))];
        tensors.Add(SafetensorsTensor.FromSingle("head.weight", [classes.Length, network.Width], Rows("weight", network.Width)));
        tensors.Add(SafetensorsTensor.FromSingle("head.bias", [classes.Length], Rows("bias", 1)));
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
        {
            ["odl.format"] = "1",
            ["odl.image.graph"] = encoder.ToJson(),
            ["odl.preprocessing"] = Preprocessing(network),
            ["odl.logitScale"] = "16",
            ["odl.licence"] = network.Metadata.GetValueOrDefault("odl.licence") ?? "MIT",
            ["odl.head"] = new JsonObject { ["features"] = trunk.Output, ["classes"] = new JsonArray([.. classes.Select(c => (JsonNode)c)]) }.ToJsonString(),
            ["odl.provenance"] = Provenance(network, task, options, row),
        });
    }

    private static float[] Values(ParameterSet parameters, string name, long length)
    {
        var values = new float[length];
        parameters.Read(name, values);
        return values;
    }

    private static string Preprocessing(TransferNetwork network)
    {
        if (network.Metadata.TryGetValue("odl.preprocessing", out string? kept)) return kept;
        TensorShape shape = network.Trunk.Input.Shape; // [C, H, W]
        if (shape[1] != shape[2] || shape[1] < 4) throw new ArgumentException($"TransferFile: the network reads images of {shape[2]}x{shape[1]}; a backbone reads square ones of 4 pixels or more.");
        return new JsonObject
        {
            ["kind"] = "image",
            ["channels"] = shape[0],
            ["size"] = shape[1],
            ["mean"] = new JsonArray([.. network.Mean.Select(v => (JsonNode)v)]),
            ["std"] = new JsonArray([.. network.Deviation.Select(v => (JsonNode)v)]),
        }.ToJsonString();
    }

    private static string Provenance(TransferNetwork network, TransferTask task, TransferOptions options, TransferRow row)
    {
        var json = new JsonObject
        {
            ["recipe"] = "odl transfer",
            ["from"] = network.Name,
            ["source"] = task.Source.Name,
            ["target"] = task.Target.Name,
            ["train"] = options.Train.ToString(),
            ["augmentation"] = options.Augmentation.ToString(),
            ["pull"] = options.Pull,
            ["replay"] = options.Replay,
            ["steps"] = options.Steps,
            ["seed"] = options.Seed,
            ["targetAccuracy"] = Math.Round(row.Target.Value, 4),
            ["sourceAccuracy"] = Math.Round(row.Source!.Value.Value, 4),
        };
        if (options.Rate is { } rate) json["rate"] = rate;
        if (network.Metadata.TryGetValue("odl.provenance", out string? before)) json["before"] = before;
        return json.ToJsonString();
    }
}
