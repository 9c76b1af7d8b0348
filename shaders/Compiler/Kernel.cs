using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>What a kernel does to a buffer.</summary>
public enum BindingAccess
{
    /// <summary>It only reads.</summary>
    Read,
    /// <summary>It only writes.</summary>
    Write,
    /// <summary>It does both.</summary>
    Accumulate,
}

/// <summary>A buffer of a kernel; Type is float, int or uint.</summary>
public sealed record KernelBinding(string Name, string Type, BindingAccess Access);

/// <summary>A constant of a kernel; Type is float, int or uint.</summary>
public sealed record KernelConstant(string Name, string Type);

/// <summary>A group-shared array; Type is float, int, uint or Float4.</summary>
public sealed record SharedArray(string Name, string Type, int Length)
{
    /// <summary>Its size.</summary>
    public int Bytes => Length * (Type == "Float4" ? 16 : 4);
}

/// <summary>A kernel, translated.</summary>
/// <param name="Name">The struct's name, and the stem of its compiled file.</param>
/// <param name="Group">Threads of a group along x, y and z.</param>
/// <param name="Bindings">Its buffers: descriptor set 0, binding 0, 1, 2, ... in this order.</param>
/// <param name="Constants">Its constants, 4 bytes each, after the three injected thread counts.</param>
/// <param name="Shared">Its group-shared arrays.</param>
/// <param name="Glsl">The whole shader as GLSL 450.</param>
/// <param name="Sources">The files that its text comes from: its own, and those of the functions it calls.</param>
/// <param name="Declaration">The struct.</param>
public sealed record Kernel(
    string Name, (int X, int Y, int Z) Group, IReadOnlyList<KernelBinding> Bindings, IReadOnlyList<KernelConstant> Constants,
    IReadOnlyList<SharedArray> Shared, string Glsl, IReadOnlyList<SyntaxTree> Sources, StructDeclarationSyntax Declaration)
{
    /// <summary>Group-shared memory.</summary>
    public int SharedBytes => Shared.Sum(s => s.Bytes);
}
