using OnDeviceLearning.ShaderCompiler;

namespace OnDeviceLearning.Tests.Shaders;

/// <summary>What a kernel may not say, because ComputeSharp or a GPU would not have it: refused at the line, with the rule and a way out.</summary>
public sealed class KernelRuleTests
{
    private const string Tile = "[GroupShared(64)] private static readonly float[] tile = null!;";

    // The body's first line.
    private const int Line = 13;

    [Theory]
    [InlineData("float[] v = new float[4];", "no local arrays")]
    [InlineData("System.Span<float> v = stackalloc float[4];", "spans")]
    [InlineData("y[0] = MathF.Exp(x[0]);", "System.MathF")]
    [InlineData("y[0] = (float)Math.Exp(x[0]);", "System.Math")]
    [InlineData("double d = x[0]; y[0] = (float)d;", "double")]
    [InlineData("y[0] = (float)(Half)x[0];", "half")]
    [InlineData("y[0] = x[0] % 2f;", "remainder of floats")]
    [InlineData("Use(x);", "not passed to functions")]
    [InlineData("foreach (int i in x) y[i] = 0;", "")]
    [InlineData("System.Action a = () => { };", "")]
    [InlineData("Hlsl.InterlockedAdd(ref y[0], 1f);", "atomic addition of floats")]
    [InlineData("y[0] = float.NegativeInfinity;", "infinite")]
    [InlineData("goto end; end: y[0] = 1;", "no goto")]
    [InlineData("y[0] = n switch { 0 => 1f, _ => 2f };", "no switch")]
    [InlineData("n = 3;", "")]
    [InlineData("y[0] = y[ThreadIds.X - 1];", "unsigned in HLSL")]
    [InlineData("if (ThreadIds.X < n) y[0] = 1;", "unsigned in HLSL")]
    [InlineData("y[Hlsl.Min(GridIds.X, n)] = 1;", "unsigned in HLSL")]
    [InlineData("y[DispatchSize.X] = 1;", "rounded up")]
    public void Is_refused_where_it_stands(string body, string rule)
    {
        KernelError error = Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody(body, "private static void Use(ReadWriteBuffer<float> b) { b[0] = 1; }")));
        Assert.Contains(rule, error.Message, StringComparison.OrdinalIgnoreCase);
        // A buffer as a parameter is refused at the call or at the parameter, whichever comes first.
        if (body != "Use(x);") Assert.Equal(Line, error.Line);
        Assert.StartsWith($"Kernels/Test.cs({error.Line},", error.Message, StringComparison.Ordinal);
        Assert.Contains("Write instead: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ReadOnlyBuffer<float> x, ReadWriteBuffer<float> y, int n, float scale", "second view")]
    [InlineData("ReadWriteBuffer<bool> flags, ReadWriteBuffer<float> x, ReadWriteBuffer<float> y", "one scalar element type")]
    [InlineData("ReadWriteBuffer<Half> x, ReadWriteBuffer<float> y, int n, float scale", "half")]
    [InlineData("ReadWriteBuffer<sbyte> x, ReadWriteBuffer<float> y, int n, float scale", "sbyte")]
    [InlineData("ConstantBuffer<float> x, ReadWriteBuffer<float> y, int n, float scale", "ConstantBuffer")]
    [InlineData("ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, Float4 n, float scale", "constant of type Float4")]
    [InlineData("ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, ReadWriteBuffer<int> unused, int n, float scale", "never touched")]
    public void Parameters_are_scalar_buffers_and_scalar_constants(string parameters, string rule)
    {
        KernelError error = Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody("y[0] = x[0] > 0 ? 1 : 0;", "", parameters)));
        Assert.Contains(rule, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(7, error.Line);
    }

    [Theory]
    [InlineData("if (GroupIds.X == 0) Hlsl.GroupMemoryBarrierWithGroupSync();")]
    [InlineData("int t = GroupIds.X, u = t * 2; if (u < n) { Hlsl.GroupMemoryBarrierWithGroupSync(); }")]
    [InlineData("for (int i = 0; i < x[0]; i++) Hlsl.GroupMemoryBarrierWithGroupSync();")]
    [InlineData("int k = 0; if (x[0] > 0) k = 1; while (k > 0) { Hlsl.GroupMemoryBarrierWithGroupSync(); k--; }")]
    [InlineData("int t = ThreadIds.X; if (t >= n) return; Hlsl.GroupMemoryBarrierWithGroupSync();")]
    [InlineData("for (int i = 0; i < n; i++) { Hlsl.GroupMemoryBarrierWithGroupSync(); if (tile[0] > 0) return; }")]
    public void All_threads_arrive_at_a_barrier(string body)
    {
        KernelError error = Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody(body + " y[0] = x[0];", Tile)));
        Assert.Contains("barrier", error.Message, StringComparison.Ordinal);
        Assert.Equal(Line, error.Line);
    }

    [Theory]
    [InlineData("for (int half = n / 2; half > 0; half /= 2) { Hlsl.GroupMemoryBarrierWithGroupSync(); int t = GroupIds.X; if (t < half) tile[t] += tile[t + half]; }")]
    [InlineData("int group = GridIds.X; if (group == 0) Hlsl.GroupMemoryBarrierWithGroupSync();")]
    [InlineData("Hlsl.GroupMemoryBarrierWithGroupSync(); int t = ThreadIds.X; if (t >= n) return;")]
    public void A_barrier_that_all_reach_is_fine(string body) => Assert.Single(KernelText.Compile(KernelText.WithBody(body + " y[0] = x[0];", Tile)));

    [Fact]
    public void Constants_fit_the_push_constants_that_Vulkan_guarantees()
    {
        string Parameters(int count) => "ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, " + string.Join(", ", Enumerable.Range(0, count).Select(i => $"int c{i}"));
        Assert.Single(KernelText.Compile(KernelText.WithBody("y[0] = x[0];", "", Parameters(29))));
        Assert.Contains("132 bytes", Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody("y[0] = x[0];", "", Parameters(30)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Group_shared_memory_is_at_most_32_KiB()
    {
        string Members(int length) => $"[GroupShared({length})] private static readonly float[] tile = null!;";
        Assert.Single(KernelText.Compile(KernelText.WithBody("y[0] = x[0];", Members(8192))));
        Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody("y[0] = x[0];", Members(8193))));
    }

    [Theory]
    [InlineData("[ThreadGroupSize(64, 1, 1)]\n", "", "thread group")]
    [InlineData("[GeneratedComputeShaderDescriptor]", "", "asks for it")]
    [InlineData("readonly partial", "partial", "immutable")]
    [InlineData("(64, 1, 1)", "(1024, 2, 1)", "2048 threads")]
    [InlineData("struct Probe(", "struct Probe<T>(", "generic")]
    public void A_kernel_is_declared_as_ComputeSharp_wants_it(string from, string to, string rule)
    {
        string text = KernelText.WithBody("y[0] = x[0];").ReplaceLineEndings("\n");
        Assert.Contains(from, text, StringComparison.Ordinal);
        KernelError error = Assert.Throws<KernelError>(() => KernelText.Compile(text.Replace(from, to, StringComparison.Ordinal)));
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Indices_of_threads_are_known_in_Execute_only()
    {
        KernelError error = Assert.Throws<KernelError>(() => KernelText.Compile(KernelText.WithBody("y[0] = Where() + x[0];", "private static float Where() => ThreadIds.X;")));
        Assert.Contains("in Execute only", error.Message, StringComparison.Ordinal);
    }
}
