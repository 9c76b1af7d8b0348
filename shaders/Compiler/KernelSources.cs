using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>Kernels as C#: parsed, type-checked against the subset of ComputeSharp, and found.</summary>
public sealed class KernelSources
{
    // Enough of the runtime to know what an int is; reading all of it would take most of the time.
    private static readonly Lazy<MetadataReference[]> Runtime = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is "System.Private.CoreLib.dll" or "System.Runtime.dll" or "System.Linq.dll" or "System.Collections.dll")
            .Select(path => MetadataReference.CreateFromFile(path))]);

    private readonly CSharpCompilation compilation;

    private KernelSources(CSharpCompilation compilation) => this.compilation = compilation;

    /// <summary>Type-checks kernels (path and text; paths as errors shall name them) against the subset's sources.</summary>
    /// <exception cref="KernelError">Something in the text is no C# or not in the subset.</exception>
    public static KernelSources Parse(IEnumerable<(string Path, string Text)> subset, IEnumerable<(string Path, string Text)> kernels)
    {
        CSharpParseOptions options = new(LanguageVersion.Latest);
        SyntaxTree Tree((string Path, string Text) source) => CSharpSyntaxTree.ParseText(SourceText.From(source.Text), options, source.Path);
        SyntaxTree[] kernelTrees = [.. kernels.Select(Tree)];
        foreach (SyntaxTree tree in kernelTrees) ForbiddenNames.Check(tree);

        string usings = "global using System; global using System.Collections.Generic; global using System.Linq;";
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Kernels",
            [Tree(("usings", usings)), .. subset.Select(Tree), .. kernelTrees],
            Runtime.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        foreach (Diagnostic diagnostic in compilation.GetDiagnostics().OrderBy(d => d.Location.SourceSpan.Start))
            if (diagnostic.Severity == DiagnosticSeverity.Error)
                throw new KernelError(diagnostic.Location, $"{diagnostic.Id}: {diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}.", "C# that compiles against ComputeSharp.Subset; what the subset lacks, ComputeSharp or the compiler lacks too.");
        return new KernelSources(compilation);
    }

    /// <summary>The kernels, by name.</summary>
    public IReadOnlyList<Kernel> Kernels()
    {
        List<Kernel> kernels = [];
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (StructDeclarationSyntax declaration in tree.GetRoot().DescendantNodes().OfType<StructDeclarationSyntax>())
            {
                INamedTypeSymbol type = model.GetDeclaredSymbol(declaration)!;
                if (type.AllInterfaces.Any(i => i.Name == "IComputeShader")) kernels.Add(new KernelReader(compilation, type, declaration).Read());
            }
        }
        foreach (IGrouping<string, Kernel> same in kernels.GroupBy(k => k.Name).Where(g => g.Count() > 1))
            throw new KernelError(same.Last().Declaration.Identifier.GetLocation(), $"Two kernels are named {same.Key}; compiled files carry the kernel's name.", "another name.");
        return [.. kernels.OrderBy(k => k.Name, StringComparer.Ordinal)];
    }
}
