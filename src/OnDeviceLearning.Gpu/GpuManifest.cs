using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// Reads the manifest that the shader compiler writes beside its output:
/// <code>
/// { "kernels": [ { "name": "MatMul", "group": [16, 16, 1], "sharedBytes": 4096,
///     "bindings": [ { "name": "a", "type": "float", "access": "Read" }, ... ],
///     "constants": [ { "name": "m", "type": "int" }, ... ] }, ... ] }
/// </code>
/// Element types are float, int and uint; accesses those of operands. Anything else in it is the compiler's own business.
/// </summary>
internal static class GpuManifest
{
    private static readonly Lazy<IReadOnlyDictionary<string, GpuKernel>> embedded = new(ReadEmbedded);

    /// <summary>The kernels that come with this assembly; none where it was built without compiled shaders.</summary>
    public static IReadOnlyDictionary<string, GpuKernel> Embedded => embedded.Value;

    public static IReadOnlyDictionary<string, GpuKernel> Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var kernels = new Dictionary<string, GpuKernel>(StringComparer.Ordinal);
        foreach (JsonElement kernel in document.RootElement.GetProperty("kernels").EnumerateArray())
        {
            string name = kernel.GetProperty("name").GetString()!;
            JsonElement group = kernel.GetProperty("group");
            var bindings = new List<GpuKernelBinding>();
            foreach (JsonElement binding in kernel.GetProperty("bindings").EnumerateArray())
                bindings.Add(new GpuKernelBinding(binding.GetProperty("name").GetString()!, Type(binding), Access(binding)));
            var constants = new List<string>();
            foreach (JsonElement constant in kernel.GetProperty("constants").EnumerateArray()) constants.Add(constant.GetProperty("name").GetString()!);
            kernels.Add(name, new GpuKernel(
                name, group[0].GetInt32(), group[1].GetInt32(), group[2].GetInt32(), bindings, constants, kernel.GetProperty("sharedBytes").GetInt32()));
        }
        return kernels;
    }

    private static ElementType Type(JsonElement binding) => binding.GetProperty("type").GetString() switch
    {
        "float" => ElementType.Float32,
        "int" or "uint" => ElementType.Int32,
        var other => throw new InvalidDataException($"The shader manifest names the element type '{other}'; expected float, int or uint."),
    };

    private static OperandAccess Access(JsonElement binding) => binding.GetProperty("access").GetString() switch
    {
        "Read" => OperandAccess.Read,
        "Write" => OperandAccess.Write,
        "Accumulate" => OperandAccess.Accumulate,
        var other => throw new InvalidDataException($"The shader manifest names the access '{other}'; expected Read, Write or Accumulate."),
    };

    private static IReadOnlyDictionary<string, GpuKernel> ReadEmbedded()
    {
        using Stream? stream = typeof(GpuManifest).Assembly.GetManifestResourceStream("manifest.json");
        if (stream is null) return new Dictionary<string, GpuKernel>();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }
}
