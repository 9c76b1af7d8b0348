using System.Text.Json;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>The head that a classifier's recipe writes beside its network: <c>head.weight</c>, <c>head.bias</c>, and in <c>odl.head</c> the names of its classes.</summary>
internal static class TransferHead
{
    /// <summary>The rows of the source's classes, in their order; null where the file has no head, or not one of these classes.</summary>
    /// <exception cref="ArgumentException">The head knows classes of the target.</exception>
    /// <exception cref="ModelFormatException">The head is damaged.</exception>
    public static (float[] Weight, float[] Bias)? Read(
        SafetensorsFile file, string name, int width, IReadOnlyList<string> sourceClasses, IReadOnlyList<string> targetClasses)
    {
        if (!file.Metadata.TryGetValue("odl.head", out string? text)) return null;
        string[] classes = Classes(text, name);
        if (classes.FirstOrDefault(targetClasses.Contains) is { } seen)
            throw new ArgumentException($"{name} was trained on '{seen}', a class of the target; take a network that was not.");
        int[] rows = [.. sourceClasses.Select(c => Array.IndexOf(classes, c))];
        if (rows.Contains(-1)) return null;
        float[] weight = Values(file, name, "head.weight", (long)classes.Length * width), bias = Values(file, name, "head.bias", classes.Length);
        return ([.. rows.SelectMany(row => weight[(row * width)..((row + 1) * width)])], [.. rows.Select(row => bias[row])]);
    }

    private static string[] Classes(string text, string name)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            return [.. json.RootElement.GetProperty("classes").EnumerateArray().Select(c => c.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ModelFormatException($"{name}: metadata 'odl.head' does not list the head's classes ({e.Message}).", e);
        }
    }

    private static float[] Values(SafetensorsFile file, string name, string tensor, long length)
    {
        if (!file.Tensors.TryGetValue(tensor, out SafetensorsTensor? found) || found.Length != length)
            throw new ModelFormatException($"{name}: tensor '{tensor}' has {found?.Length ?? 0} elements; expected {length}.");
        var values = new float[length];
        found.CopyTo(values);
        return values;
    }
}
