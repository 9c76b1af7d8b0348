namespace OnDeviceLearning.ShaderCompiler;

/// <summary>The folder shaders/ of a checkout: kernels, subset, compiled files.</summary>
/// <param name="root">Where it is.</param>
public sealed class ShaderFolder(string root)
{
    private string Compiled => Path.Combine(root, "compiled");

    private string ManifestPath => Path.Combine(Compiled, "manifest.json");

    /// <summary>Finds the folder from the working directory or from where the program lies.</summary>
    public static ShaderFolder Find()
    {
        foreach (string start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "OnDeviceLearning.sln"))) return new(Path.Combine(folder.FullName, "shaders"));
        throw new DirectoryNotFoundException("OnDeviceLearning.sln lies in no folder above the working directory.");
    }

    /// <summary>Translates every kernel to GLSL.</summary>
    /// <exception cref="KernelError">A kernel breaks a rule.</exception>
    public IReadOnlyList<Kernel> Translate() => KernelSources.Parse(Sources("ComputeSharp.Subset"), Sources("Kernels")).Kernels();

    /// <summary>Compiles every kernel and writes compiled/; files of kernels that are no more are deleted.</summary>
    public Manifest Compile()
    {
        IReadOnlyList<Kernel> kernels = Translate();
        Directory.CreateDirectory(Compiled);
        List<ManifestKernel> entries = [];
        foreach (Kernel kernel in kernels)
        {
            byte[] spirv = Glslang.Compile(kernel.Name, kernel.Glsl);
            File.WriteAllBytes(SpirvPath(kernel.Name), spirv);
            entries.Add(ManifestKernel.Of(kernel, spirv));
        }
        foreach (string file in Directory.EnumerateFiles(Compiled, "*.spv"))
            if (!kernels.Any(k => k.Name == Path.GetFileNameWithoutExtension(file))) File.Delete(file);
        Manifest manifest = new(Glslang.Version(), entries);
        File.WriteAllText(ManifestPath, manifest.ToJson());
        return manifest;
    }

    /// <summary>What of compiled/ does not fit the sources, each with the reason; empty where all is fresh.</summary>
    /// <param name="recompile">Whether to compile the SPIR-V again and compare it too, which asks for the same glslang.</param>
    public IReadOnlyList<string> Stale(bool recompile)
    {
        if (!File.Exists(ManifestPath)) return ["manifest.json is not there"];
        List<string> stale = [];
        Manifest manifest = Manifest.Parse(File.ReadAllText(ManifestPath));
        Dictionary<string, ManifestKernel> entries = manifest.Kernels.ToDictionary(k => k.Name);
        if (recompile && Glslang.Version() != manifest.Glslang) stale.Add($"the manifest was written with '{manifest.Glslang}', here is '{Glslang.Version()}': the SPIR-V cannot be compared");
        foreach (Kernel kernel in Translate())
        {
            if (!entries.Remove(kernel.Name, out ManifestKernel? entry))
            {
                stale.Add($"{kernel.Name} is not in the manifest");
                continue;
            }
            byte[]? spirv = File.Exists(SpirvPath(kernel.Name)) ? File.ReadAllBytes(SpirvPath(kernel.Name)) : null;
            if (spirv is null) stale.Add($"{kernel.Name}.spv is not there");
            else if (ManifestKernel.Hash(spirv) != entry.Spirv) stale.Add($"{kernel.Name}.spv is not the file that the manifest describes");
            if (ManifestKernel.SourceHash(kernel) != entry.Source) stale.Add($"{kernel.Name}: its C# has changed since it was compiled");
            else if (ManifestKernel.Hash(kernel.Glsl) != entry.Glsl) stale.Add($"{kernel.Name}: the compiler has changed since, and writes other GLSL");
            else if (spirv is not null && ManifestKernel.Of(kernel, spirv) is var now && new Manifest("", [now]).ToJson() != new Manifest("", [entry]).ToJson()) stale.Add($"{kernel.Name}: the manifest describes it wrongly");
            else if (recompile && !Glslang.Compile(kernel.Name, kernel.Glsl).AsSpan().SequenceEqual(spirv)) stale.Add($"{kernel.Name}.spv: compiled again it has other bytes");
        }
        foreach (string gone in entries.Keys) stale.Add($"{gone} is in the manifest and no longer a kernel");
        foreach (string file in Directory.EnumerateFiles(Compiled, "*.spv"))
            if (!manifest.Kernels.Any(k => k.Name == Path.GetFileNameWithoutExtension(file))) stale.Add($"{Path.GetFileName(file)} belongs to no kernel");
        return stale;
    }

    private string SpirvPath(string kernel) => Path.Combine(Compiled, kernel + ".spv");

    private IEnumerable<(string Path, string Text)> Sources(string folder) =>
        from path in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        let relative = Path.GetRelativePath(root, path).Replace('\\', '/')
        where !relative.Split('/').Any(part => part is "bin" or "obj")
        select ($"shaders/{relative}", File.ReadAllText(path));
}
