using OnDeviceLearning.ShaderCompiler;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Shaders;

/// <summary>What a device runs is what the kernels say today. This needs no glslang; CI compiles everything again as well.</summary>
public sealed class FreshnessTests
{
    [Fact]
    public void The_compiled_shaders_are_those_of_the_kernels()
    {
        IReadOnlyList<string> stale = new ShaderFolder(RepositoryFiles.PathOf("shaders")).Stale(recompile: false);
        Assert.True(stale.Count == 0, $"{string.Join(Environment.NewLine, stale)}{Environment.NewLine}Compile them again: dotnet run --project shaders/Compiler");
    }

    public static TheoryData<string, string> Changes => new()
    {
        { "C#", "Add: its C# has changed" },
        { "function", "SplitSum: its C# has changed" },
        { "spv", "Fill.spv is not the file" },
        { "missing", "Fill.spv is not there" },
        { "access", "Add: the manifest describes it wrongly" },
        { "foreign", "Foreign.spv belongs to no kernel" },
        { "gone", "Fill is in the manifest and no longer a kernel" },
        { "new", "Fresh is not in the manifest" },
        { "compiler", "Add: the compiler has changed" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_on_one_side_alone_is_found(string change, string expected)
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("shaders");
        try
        {
            foreach (string path in RepositoryFiles.All.Where(p => p.StartsWith("shaders/", StringComparison.Ordinal)))
            {
                string target = Path.Combine(copy.FullName, path["shaders/".Length..]);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(RepositoryFiles.PathOf(path), target);
            }
            string At(string relative) => Path.Combine(copy.FullName, relative);
            void Replace(string file, string from, string to)
            {
                string text = File.ReadAllText(At(file));
                Assert.Contains(from, text, StringComparison.Ordinal);
                File.WriteAllText(At(file), text.Replace(from, to, StringComparison.Ordinal));
            }
            switch (change)
            {
                case "C#": Replace("Kernels/Add.cs", "+ b[", "- b["); break;
                case "function": Replace("Kernels/Activation.cs", "0.5f * x", "0.25f * x"); break;
                case "spv": File.WriteAllBytes(At("compiled/Fill.spv"), File.ReadAllBytes(At("compiled/Add.spv"))); break;
                case "missing": File.Delete(At("compiled/Fill.spv")); break;
                case "access": Replace("compiled/manifest.json", "\"name\":\"c\",\"type\":\"float\",\"access\":\"Write\"", "\"name\":\"c\",\"type\":\"float\",\"access\":\"Read\""); break;
                case "foreign": File.Copy(At("compiled/Fill.spv"), At("compiled/Foreign.spv")); break;
                case "gone": File.Delete(At("Kernels/Fill.cs")); break;
                case "new": File.WriteAllText(At("Kernels/Fresh.cs"), File.ReadAllText(At("Kernels/Add.cs")).Replace("struct Add", "struct Fresh", StringComparison.Ordinal)); break;
                // As a change of the compiler shows: the same C#, other GLSL.
                case "compiler":
                    Manifest manifest = Manifest.Parse(File.ReadAllText(At("compiled/manifest.json")));
                    File.WriteAllText(At("compiled/manifest.json"), (manifest with { Kernels = [.. manifest.Kernels.Select(k => k.Name == "Add" ? k with { Glsl = new string('0', 64) } : k)] }).ToJson());
                    break;
            }
            Assert.Contains(new ShaderFolder(copy.FullName).Stale(recompile: false), reason => reason.StartsWith(expected, StringComparison.Ordinal));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }
}
