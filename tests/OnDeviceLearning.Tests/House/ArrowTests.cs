using System.Xml.Linq;

namespace OnDeviceLearning.Tests.House;

/// <summary>Who may know whom, and who may take which package. A new arrow is a decision: it is made here.</summary>
public sealed class ArrowTests
{
    private sealed record Room(string[] Projects, string[] Packages);

    private const string Runtime = "OnDeviceLearning";

    // The tool, the tests and the demo are not listed: they may know everybody, and nobody below may know them.
    private static readonly Dictionary<string, Room> Rooms = new()
    {
        [Runtime] = new([], ["System.Numerics.Tensors", "Microsoft.ML.Tokenizers"]),
        ["OnDeviceLearning.Gpu"] = new([Runtime], []),
        ["OnDeviceLearning.Vulkan"] = new([Runtime, "OnDeviceLearning.Gpu"], ["Silk.NET.Vulkan"]),
        ["OnDeviceLearning.DirectX12"] = new([Runtime, "OnDeviceLearning.Gpu"], ["ComputeSharp"]),
        ["OnDeviceLearning.Conformance"] = new([Runtime], []),
        ["OnDeviceLearning.Sigils"] = new([Runtime], []),
        ["OnDeviceLearning.Datasets"] = new([Runtime], ["StbImageSharp"]),
        ["OnDeviceLearning.Evaluation"] = new([Runtime, "OnDeviceLearning.Datasets", "OnDeviceLearning.Sigils"], []),
        ["ComputeSharp.Subset"] = new([], []),
        ["Kernels"] = new(["ComputeSharp.Subset"], []),
        ["Compiler"] = new([], ["Microsoft.CodeAnalysis.CSharp"]),
        ["OnDeviceLearning.Cli.Devices"] = new([Runtime, "OnDeviceLearning.Gpu", "OnDeviceLearning.Vulkan", "OnDeviceLearning.DirectX12", "OnDeviceLearning.Conformance"], ["System.CommandLine"]),
        ["OnDeviceLearning.Pretraining"] = new([Runtime, "OnDeviceLearning.Datasets", "OnDeviceLearning.Sigils"], ["TorchSharp-cpu", "Google.Protobuf"]),
    };

    private static readonly string[] AllProjects = [.. RepositoryFiles.All.Where(p => p.EndsWith(".csproj", StringComparison.Ordinal))];

    public static TheoryData<string> Projects => [.. AllProjects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_knows_only_the_rooms_below_it(string project)
    {
        string[] allowed = Rooms.TryGetValue(NameOf(project), out Room? room) ? room.Projects
            : project.StartsWith("src/", StringComparison.Ordinal) ? [.. Rooms.Keys]
            : [.. AllProjects.Select(NameOf)];
        foreach (string reference in ReferencesOf(project))
            Assert.True(allowed.Contains(reference), $"{project} references {reference}; allowed: [{string.Join(", ", allowed)}].");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_takes_only_the_packages_of_its_room(string project)
    {
        if (!Rooms.TryGetValue(NameOf(project), out Room? room)) return;
        foreach (string package in Included(project, "PackageReference"))
            Assert.True(room.Packages.Contains(package), $"{project} takes the package {package}; allowed: [{string.Join(", ", room.Packages)}].");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_that_is_published_ahead_of_time_has_no_path_to_TorchSharp(string project)
    {
        if (!IsPublishedAheadOfTime(project)) return;
        HashSet<string> reached = [];
        Stack<string> open = new([project]);
        while (open.TryPop(out string? next))
            foreach (string reference in ReferencesOf(next).Where(reached.Add))
                open.Push(AllProjects.Single(p => NameOf(p) == reference));
        Assert.DoesNotContain("OnDeviceLearning.Pretraining", reached);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = RepositoryFiles.Read("OnDeviceLearning.sln").Replace('\\', '/');
        // A sample that is published ahead of time stands alone: in the solution, every restore would fetch the AOT compiler.
        Assert.DoesNotContain(AllProjects, p => !solution.Contains($"\"{p}\"", StringComparison.Ordinal) && !IsPublishedAheadOfTime(p));
    }

    [Theory]
    [InlineData("TorchSharp")]
    [InlineData("Silk.NET")]
    [InlineData("ComputeSharp")]
    public void The_runtime_does_not_name(string library)
    {
        foreach (string source in RepositoryFiles.Below("src/OnDeviceLearning", ".cs"))
            Assert.False(RepositoryFiles.Read(source).Contains(library, StringComparison.Ordinal), $"{source} names {library}.");
    }

    private static bool IsPublishedAheadOfTime(string project) => XDocument.Load(RepositoryFiles.PathOf(project)).Descendants("PublishAot").Any();

    private static string NameOf(string project) => Path.GetFileNameWithoutExtension(project.Replace('\\', '/'));

    private static IEnumerable<string> ReferencesOf(string project) => Included(project, "ProjectReference").Select(NameOf);

    private static IEnumerable<string> Included(string project, string item) =>
        from element in XDocument.Load(RepositoryFiles.PathOf(project)).Descendants(item)
        let include = (string?)element.Attribute("Include")
        where include is not null
        select include;
}
