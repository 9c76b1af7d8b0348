using System.Globalization;
using System.Text.Json.Nodes;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>Writes what an image recipe trained as a backbone file in half precision.</summary>
internal static class BackboneFile
{
    /// <param name="path">The file.</param>
    /// <param name="image">The image encoder's graph, which ends with an L2 normalisation.</param>
    /// <param name="tensors">Its parameters as <c>image.NAME</c>, and others that the metadata explains.</param>
    /// <param name="preprocessing">Kind ("drawing" or "image"), channels, size and pixel statistics.</param>
    /// <param name="logitScale">What cosines are multiplied with to give logits.</param>
    /// <param name="licence">SPDX identifier of the weights.</param>
    /// <param name="provenance">Recipe, seed, steps, data.</param>
    /// <param name="more">Further metadata.</param>
    public static void Write(
        string path, Graph image, IEnumerable<KeyValuePair<string, torch.Tensor>> tensors, JsonObject preprocessing, float logitScale,
        string licence, JsonObject provenance, params IEnumerable<KeyValuePair<string, string>> more)
    {
        var metadata = new Dictionary<string, string>(more)
        {
            ["odl.format"] = "1",
            ["odl.image.graph"] = image.ToJson(),
            ["odl.preprocessing"] = preprocessing.ToJsonString(),
            ["odl.logitScale"] = logitScale.ToString("R", CultureInfo.InvariantCulture),
            ["odl.licence"] = licence,
            ["odl.provenance"] = provenance.ToJsonString(),
        };
        SafetensorsWriter.Write(path, tensors.Select(p => TorchTensors.ToFile(p.Key, p.Value, SafetensorsType.F16)), metadata);
    }

    /// <summary>The same file with more metadata: what only the finished backbone's own behaviour can tell.</summary>
    public static void Complete(string uncalibrated, string path, params IEnumerable<KeyValuePair<string, string>> more)
    {
        SafetensorsFile file = SafetensorsReader.Read(uncalibrated);
        var metadata = new Dictionary<string, string>(file.Metadata);
        foreach ((string key, string value) in more) metadata[key] = value;
        SafetensorsWriter.Write(path, file.Tensors.Values, metadata);
    }

    /// <summary>Pixel statistics for the metadata.</summary>
    public static JsonObject Preprocessing(string kind, int channels, int size, float[] mean, float[] deviation)
    {
        var json = new JsonObject { ["kind"] = kind };
        if (kind == "image") json["channels"] = channels;
        json["size"] = size;
        json["mean"] = channels == 1 ? mean[0] : new JsonArray([.. mean.Select(v => (JsonNode)v)]);
        json["std"] = channels == 1 ? deviation[0] : new JsonArray([.. deviation.Select(v => (JsonNode)v)]);
        return json;
    }
}
