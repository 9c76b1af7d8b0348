using OnDeviceLearning.ShaderCompiler;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Shaders;

/// <summary>Kernels written in a test, type-checked against the real subset.</summary>
internal static class KernelText
{
    private static readonly (string, string)[] Subset = [.. RepositoryFiles.Below("shaders/ComputeSharp.Subset", ".cs").Select(p => (p, RepositoryFiles.Read(p)))];

    public static IReadOnlyList<Kernel> Compile(string text) => KernelSources.Parse(Subset, [("Kernels/Test.cs", text)]).Kernels();

    /// <summary>A kernel whose Execute has this body; x and y are buffers, n and scale constants. The body starts at line 13.</summary>
    public static string WithBody(string body, string members = "", string parameters = "ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int n, float scale") => $$"""
        using ComputeSharp;

        namespace Test;

        [ThreadGroupSize(64, 1, 1)]
        [GeneratedComputeShaderDescriptor]
        internal readonly partial struct Probe({{parameters}}) : IComputeShader
        {
            {{members}}

            public void Execute()
            {
        {{body}}
            }
        }
        """;
}
