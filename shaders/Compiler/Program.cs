using OnDeviceLearning.ShaderCompiler;

// Compiles shaders/Kernels to shaders/compiled. --check compares instead and says what is stale; --glsl FOLDER writes the
// GLSL in between, to be read.
try
{
    ShaderFolder shaders = ShaderFolder.Find();
    switch (args)
    {
        case []:
            Manifest manifest = shaders.Compile();
            Console.WriteLine($"{manifest.Kernels.Count} kernels compiled.");
            return 0;
        case ["--check"]:
            IReadOnlyList<string> stale = shaders.Stale(recompile: true);
            foreach (string reason in stale) Console.Error.WriteLine(reason);
            if (stale.Count > 0) Console.Error.WriteLine("Compile them again: dotnet run --project shaders/Compiler");
            else Console.WriteLine("shaders/compiled is fresh.");
            return stale.Count == 0 ? 0 : 1;
        case ["--glsl", string folder]:
            Directory.CreateDirectory(folder);
            foreach (Kernel kernel in shaders.Translate()) File.WriteAllText(Path.Combine(folder, kernel.Name + ".comp"), kernel.Glsl);
            return 0;
        default:
            Console.Error.WriteLine("usage: Compiler [--check | --glsl FOLDER]");
            return 2;
    }
}
catch (Exception e) when (e is KernelError or InvalidOperationException or DirectoryNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
