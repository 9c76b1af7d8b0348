using System.Text;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>
/// DirectX 12 gives a kernel its operands as arguments of a constructor, in a list that only Windows compiles and that no
/// compiler could check: two offsets the wrong way round are two ints. So it is read here, on every system, beside the
/// kernels' sources and the manifest that dispatches are bound by.
/// </summary>
public sealed class DirectX12KernelListTests
{
    private const string List = "src/OnDeviceLearning.DirectX12/Windows/DirectX12Kernels.cs";
    private const string Update = "ODL_UPDATE_KERNEL_LIST";

    private sealed record Parameter(string Name, string Type);

    /// <summary>Of every kernel's constructor, by the kernel's name.</summary>
    private static readonly Dictionary<string, Parameter[]> Sources = ReadSources();

    public static TheoryData<string> Kernels => [.. GpuManifest.Embedded.Keys];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_kernel_takes_what_the_manifest_says_in_that_order(string name)
    {
        GpuKernel kernel = GpuManifest.Embedded[name];
        Assert.True(Sources.TryGetValue(name, out Parameter[]? parameters), $"shaders/Kernels has no kernel {name}.");
        string[] expected = [.. kernel.Bindings.Select(b => $"{b.Name}: {BufferType(b.Type)}"), .. kernel.Constants];
        string[] actual = [.. parameters.Take(kernel.Bindings.Count).Select(p => $"{p.Name}: {p.Type}"), .. parameters.Skip(kernel.Bindings.Count).Select(p => p.Name)];
        Assert.Equal(expected, actual);
        Assert.All(parameters.Skip(kernel.Bindings.Count), p => Assert.Contains(p.Type, Readers.Keys));
    }

    [Fact]
    public void Every_kernel_is_in_the_manifest() => Assert.Equal(Sources.Keys.Order(), GpuManifest.Embedded.Keys.Order());

    [Fact]
    public void The_list_has_one_line_for_each_kernel_with_its_operands_in_order()
    {
        if (Environment.GetEnvironmentVariable(Update) == "1") File.WriteAllText(RepositoryFiles.PathOf(List), Render());
        Dictionary<string, (string Kernel, string[] Arguments)> lines = ReadList();
        List<string> wrong = [];
        foreach ((string name, Parameter[] parameters) in Sources)
        {
            if (!lines.Remove(name, out (string Kernel, string[] Arguments) line)) wrong.Add($"{name}: has no line");
            else if (line.Kernel != name) wrong.Add($"{name}: its line makes a {line.Kernel}");
            else if (!line.Arguments.SequenceEqual(Arguments(parameters))) wrong.Add($"{name}: expected ({string.Join(", ", Arguments(parameters))}), actual ({string.Join(", ", line.Arguments)})");
        }
        wrong.AddRange(lines.Keys.Select(name => $"{name}: there is no such kernel"));
        Assert.True(wrong.Count == 0, $"{List} differs from shaders/Kernels:\n{string.Join("\n", wrong)}\nRun this test once with {Update}=1, which rewrites the list, and commit it.");
    }

    private static readonly Dictionary<string, string> Readers = new()
    {
        ["ReadWriteBuffer<float>"] = "Floats",
        ["ReadWriteBuffer<int>"] = "Ints",
        ["int"] = "Int",
        ["uint"] = "UInt",
        ["float"] = "Float",
    };

    /// <summary>What the line of a kernel with these parameters passes: buffers and constants are counted apart.</summary>
    private static IEnumerable<string> Arguments(Parameter[] parameters)
    {
        int binding = 0, constant = 0;
        foreach (Parameter parameter in parameters)
        {
            Assert.True(Readers.TryGetValue(parameter.Type, out string? reader), $"{parameter.Name} is {parameter.Type}; DirectX 12 can bind [{string.Join(", ", Readers.Keys)}].");
            yield return $"d.{reader}({(parameter.Type.StartsWith("ReadWriteBuffer", StringComparison.Ordinal) ? binding++ : constant++)})";
        }
    }

    private static Dictionary<string, Parameter[]> ReadSources()
    {
        Dictionary<string, Parameter[]> kernels = [];
        foreach (string source in RepositoryFiles.Below("shaders/Kernels", ".cs"))
            foreach (StructDeclarationSyntax type in CSharpSyntaxTree.ParseText(RepositoryFiles.Read(source)).GetRoot().DescendantNodes().OfType<StructDeclarationSyntax>())
                if (type.AttributeLists.SelectMany(l => l.Attributes).Any(a => a.Name.ToString() == "GeneratedComputeShaderDescriptor"))
                    kernels.Add(type.Identifier.Text, [.. type.ParameterList!.Parameters.Select(p => new Parameter(p.Identifier.Text, p.Type!.ToString()))]);
        return kernels;
    }

    private static Dictionary<string, (string, string[])> ReadList()
    {
        Dictionary<string, (string, string[])> lines = [];
        foreach (AssignmentExpressionSyntax line in CSharpSyntaxTree.ParseText(RepositoryFiles.Read(List)).GetRoot().DescendantNodes().OfType<AssignmentExpressionSyntax>())
        {
            string name = line.Left.DescendantNodes().OfType<LiteralExpressionSyntax>().Single().Token.ValueText;
            ObjectCreationExpressionSyntax made = line.Right.DescendantNodes().OfType<ObjectCreationExpressionSyntax>().Single();
            var call = (InvocationExpressionSyntax)made.Parent!.Parent!.Parent!;
            Assert.Equal("c.For", call.Expression.ToString());
            Assert.Equal(["d.X", "d.Y", "d.Z"], call.ArgumentList.Arguments.Take(3).Select(a => a.ToString()));
            lines.Add(name, (made.Type.ToString().Replace("Kernels.", ""), [.. made.ArgumentList!.Arguments.Select(a => a.ToString())]));
        }
        return lines;
    }

    private static string Render()
    {
        var text = new StringBuilder();
        text.Append("using ComputeSharp;\n\nnamespace OnDeviceLearning.Devices.DirectX12;\n\n");
        text.Append($"/// <summary>Every kernel's ComputeSharp struct, one line each. Written by DirectX12KernelListTests with {Update}=1, which also holds it to the manifest.</summary>\n");
        text.Append("internal static class DirectX12Kernels\n{\n    public static IReadOnlyDictionary<string, DirectX12Kernel> All { get; } = new Dictionary<string, DirectX12Kernel>\n    {\n");
        foreach ((string name, Parameter[] parameters) in Sources.OrderBy(s => s.Key, StringComparer.Ordinal))
            text.Append($"        [\"{name}\"] = static (in ComputeContext c, DirectX12Dispatch d) => c.For(d.X, d.Y, d.Z, new Kernels.{name}({string.Join(", ", Arguments(parameters))})),\n");
        return text.Append("    };\n}\n").ToString();
    }

    private static string BufferType(ElementType type) => type == ElementType.Float32 ? "ReadWriteBuffer<float>" : "ReadWriteBuffer<int>";
}
