using OnDeviceLearning.ShaderCompiler;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Shaders;

/// <summary>What the compiler makes of C#: names, types, layouts, and what a kernel does to its buffers.</summary>
public sealed class CompilerTests
{
    private static Kernel One(string body, string members = "") => Assert.Single(KernelText.Compile(KernelText.WithBody(body, members)));

    [Fact]
    public void A_kernel_is_described_by_what_it_declares()
    {
        Kernel kernel = One("y[n + ThreadIds.X] = scale * x[ThreadIds.X] + tile[0].X;", "[GroupShared(48)] private static readonly Float4[] tile = null!;");
        Assert.Equal("Probe", kernel.Name);
        Assert.Equal((64, 1, 1), kernel.Group);
        Assert.Equal([new("x", "float", BindingAccess.Read), new("y", "float", BindingAccess.Write)], kernel.Bindings);
        Assert.Equal([new("n", "int"), new("scale", "float")], kernel.Constants);
        Assert.Equal(48 * 16, kernel.SharedBytes);
    }

    [Theory]
    [InlineData("y[0] = x[0];", BindingAccess.Read, BindingAccess.Write)]
    [InlineData("y[0] += x[0];", BindingAccess.Read, BindingAccess.Accumulate)]
    [InlineData("y[0] = y[1] + x[0];", BindingAccess.Read, BindingAccess.Accumulate)]
    [InlineData("x[0]++; y[0] = 1;", BindingAccess.Accumulate, BindingAccess.Write)]
    [InlineData("Store(1);", BindingAccess.Read, BindingAccess.Write)]
    public void Access_follows_from_what_the_kernel_does(string body, BindingAccess x, BindingAccess y)
    {
        Kernel kernel = One(body, "private void Store(int i) { y[i] = x[i]; }");
        Assert.Equal([x, y], kernel.Bindings.Select(b => b.Access));
    }

    [Fact]
    public void The_three_thread_counts_come_before_the_constants_and_bound_the_whole_body()
    {
        string glsl = One("y[0] = x[0];").Glsl;
        Assert.Contains("uint boundX;\n    uint boundY;\n    uint boundZ;\n    int n_;\n    float scale_;", glsl, StringComparison.Ordinal);
        Assert.Contains("if (gl_GlobalInvocationID.x < boundX && gl_GlobalInvocationID.y < boundY && gl_GlobalInvocationID.z < boundZ)", glsl, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y[0] = n;", "y_[0] = float(n_)")] // C# converts where GLSL would not
    [InlineData("y[0] = n / 2;", "float((n_ / 2))")] // in integers, then converted
    [InlineData("y[0] += n;", "y_[0] += float(n_)")]
    [InlineData("y[n % 3] = 1;", "y_[remainder(n_, 3)] = 1.0")] // the sign of the dividend, which GLSL leaves open
    [InlineData("y[0] = 1e-8f;", "y_[0] = 1E-08")]
    [InlineData("y[int.MinValue + n] = 1;", "((-2147483647 - 1) + n_)")]
    [InlineData("Float4 v = scale; y[0] = v.X;", "vec4 v_ = vec4(scale_)")]
    [InlineData("y[0] = Hlsl.AsFloat(Hlsl.AsUInt(x[0]) & 0xffff0000u);", "uintBitsToFloat((floatBitsToUint(x_[0]) & 4294901760u))")]
    [InlineData("const int Two = 2; y[0] = x[Two * Two];", "x_[4]")]
    [InlineData("int sample = n; y[sample] = 1;", "int sample_ = n_")] // a word that GLSL keeps for itself
    public void CSharp_keeps_its_meaning(string body, string expected) => Assert.Contains(expected, One(body + " y[1] = x[1];").Glsl, StringComparison.Ordinal);

    [Fact]
    public void A_function_of_another_file_is_compiled_in_and_its_file_counts_as_a_source()
    {
        string text = KernelText.WithBody("y[0] = Shapes.Twice(x[0]);") + "\ninternal static class Shapes { public static float Twice(float v) => Scale(v, 2); private static float Scale(float v, float by) => v * by; }";
        Kernel kernel = Assert.Single(KernelText.Compile(text));
        Assert.Contains("float Shapes_Twice(float v_)", kernel.Glsl, StringComparison.Ordinal);
        Assert.Contains("float Shapes_Scale(float v_, float by_)", kernel.Glsl, StringComparison.Ordinal);
        Assert.Single(kernel.Sources);
    }

    [Fact]
    public void The_kernel_in_the_README_compiles()
    {
        string readme = RepositoryFiles.Read("shaders/README.md"), fence = readme.Split("```csharp\n")[1].Split("```")[0];
        Assert.Equal("Scale", Assert.Single(KernelText.Compile("using ComputeSharp;\n" + fence)).Name);
    }

    [Fact]
    public void The_same_text_gives_the_same_GLSL()
    {
        const string Body = "for (int i = 0; i < n; i++) y[i] = x[i] * scale;";
        Assert.Equal(One(Body).Glsl, One(Body).Glsl);
    }
}
