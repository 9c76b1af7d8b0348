using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.CodeAnalysis;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>compiled/manifest.json: what a device must know of each kernel, and what shows whether the compiled files are fresh.</summary>
/// <param name="Glslang">The compiler that made the SPIR-V.</param>
/// <param name="Kernels">The kernels, by name.</param>
public sealed record Manifest(string Glslang, IReadOnlyList<ManifestKernel> Kernels)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a manifest.</summary>
    public static Manifest Parse(string json) => JsonSerializer.Deserialize<Manifest>(json, Options)!;

    /// <summary>The manifest as JSON, a kernel a line, so that a change to one is one line of a diff.</summary>
    public string ToJson() =>
        $"{{\n\"glslang\": {JsonSerializer.Serialize(Glslang, Options)},\n\"kernels\": [\n{string.Join(",\n", Kernels.Select(k => JsonSerializer.Serialize(k, Options)))}\n]\n}}\n";
}

/// <summary>A kernel in the manifest.</summary>
/// <param name="Name">The kernel, and the stem of its .spv.</param>
/// <param name="Group">Threads of a group along x, y and z.</param>
/// <param name="Bindings">Its buffers, in the order of their binding numbers.</param>
/// <param name="Constants">Its constants, in order, after the three injected thread counts.</param>
/// <param name="SharedBytes">Group-shared memory.</param>
/// <param name="Source">SHA-256 of the C# it comes from: its file and those of the functions it calls.</param>
/// <param name="Glsl">SHA-256 of the GLSL: it changes with the source, and with the compiler.</param>
/// <param name="Spirv">SHA-256 of the .spv.</param>
public sealed record ManifestKernel(
    string Name, int[] Group, IReadOnlyList<KernelBinding> Bindings, IReadOnlyList<KernelConstant> Constants, int SharedBytes,
    string Source, string Glsl, string Spirv)
{
    /// <summary>Describes a kernel and its compiled form.</summary>
    public static ManifestKernel Of(Kernel kernel, byte[] spirv) => new(
        kernel.Name, [kernel.Group.X, kernel.Group.Y, kernel.Group.Z], kernel.Bindings, kernel.Constants, kernel.SharedBytes,
        SourceHash(kernel), Hash(kernel.Glsl), Hash(spirv));

    /// <summary>SHA-256 of the kernel's sources.</summary>
    public static string SourceHash(Kernel kernel) => Hash(string.Join('\n', kernel.Sources.Select(s => s.ToString().ReplaceLineEndings("\n"))));

    /// <summary>SHA-256 of a text.</summary>
    public static string Hash(string text) => Hash(Encoding.UTF8.GetBytes(text));

    /// <summary>SHA-256 of a file.</summary>
    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
