using System.ComponentModel;
using System.Diagnostics;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>GLSL to validated SPIR-V, by glslangValidator and spirv-val (Debian: glslang-tools, spirv-tools).</summary>
internal static class Glslang
{
    /// <summary>The first line of its version, which the manifest records: another version may write other bytes.</summary>
    public static string Version() => Run("glslangValidator", ["--version"]).Split('\n')[0].Trim();

    public static byte[] Compile(string name, string glsl)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("shaders");
        try
        {
            string source = Path.Combine(folder.FullName, name + ".comp"), target = Path.Combine(folder.FullName, name + ".spv");
            File.WriteAllText(source, glsl);
            Run("glslangValidator", ["-V", "--target-env", "vulkan1.1", "-o", target, source]);
            Run("spirv-val", ["--target-env", "vulkan1.1", target]);
            return File.ReadAllBytes(target);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Run(string program, string[] arguments)
    {
        try
        {
            ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {output}{errors.Result}");
            return output;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{program} does not start ({e.Message}). Debian has it in the packages glslang-tools and spirv-tools; the Vulkan SDK has both.", e);
        }
    }
}
