using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OnDeviceLearning.Tests.House;

/// <summary>Every C# fence of README.md compiles as it is written, without a warning.</summary>
public sealed partial class SnippetTests
{
    // What a snippet may take for granted. Fields, so that a snippet may declare locals of the same names.
    private const string Before = """
        using System;
        using System.Collections.Generic;
        using System.IO;
        using System.Linq;
        using System.Numerics;
        using OnDeviceLearning;

        static class Readme
        {
            internal static readonly Drawing drawing = default!;
            internal static readonly Backbone backbone = default!;
            internal static readonly AdaptiveClassifier spells = default!;
            internal static readonly nint instance = 1, physicalDevice = 1, logicalDevice = 1, queue = 1;
            internal static readonly uint queueFamily = 0;
            internal static readonly int length = 1;
            internal static readonly ulong vkBuffer = 1, vkImage = 1;
            internal static readonly DeviceBuffer target = default!;

            static void Snippet()
            {
        #line 1

        """;

    private const string After = """

            }
        }
        """;

    private static readonly string[] Fences = [.. Fence().Matches(RepositoryFiles.Read("README.md")).Select(m => m.Groups[1].Value)];

    public static TheoryData<int> Snippets => [.. Enumerable.Range(0, Fences.Length)];

    [Fact]
    public void The_first_snippet_is_at_most_ten_lines()
    {
        Assert.NotEmpty(Fences);
        Assert.InRange(Fences[0].TrimEnd('\n').Split('\n').Length, 1, 10);
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public void Compiles(int snippet)
    {
        // Everything this test runs with, the runtime's own assemblies among it.
        string assemblies = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Readme",
            [CSharpSyntaxTree.ParseText(Before + Fences[snippet] + After)],
            assemblies.Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        string[] complaints = [.. compilation.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(d => d.ToString())];
        Assert.True(complaints.Length == 0, $"README.md, snippet {snippet + 1}:\n{string.Join('\n', complaints)}");
    }

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();
}
