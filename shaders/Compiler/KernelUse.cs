using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>What the functions of one kernel touch: buffers, other functions, files.</summary>
internal sealed class KernelUse(CSharpCompilation compilation, INamedTypeSymbol kernel)
{
    private readonly HashSet<IParameterSymbol> read = new(SymbolEqualityComparer.Default), written = new(SymbolEqualityComparer.Default);
    private readonly List<IMethodSymbol> functions = [];
    private readonly List<SyntaxTree> sources = [kernel.DeclaringSyntaxReferences[0].SyntaxTree];

    public INamedTypeSymbol Type => kernel;

    /// <summary>Functions called, in the order in which they were met.</summary>
    public IReadOnlyList<IMethodSymbol> Functions => functions;

    /// <summary>The kernel's own file first.</summary>
    public IReadOnlyList<SyntaxTree> Sources => sources;

    public SemanticModel ModelOf(SyntaxNode node) => compilation.GetSemanticModel(node.SyntaxTree);

    public void Reads(IParameterSymbol buffer) => read.Add(buffer);

    public void Writes(IParameterSymbol buffer) => written.Add(buffer);

    public void Calls(IMethodSymbol function)
    {
        if (functions.Contains(function, SymbolEqualityComparer.Default)) return;
        functions.Add(function);
        SyntaxTree source = function.DeclaringSyntaxReferences[0].SyntaxTree;
        if (!sources.Contains(source)) sources.Add(source);
    }

    public void Names(IFieldSymbol constant)
    {
        if (constant.DeclaringSyntaxReferences.Length == 0) return;
        SyntaxTree source = constant.DeclaringSyntaxReferences[0].SyntaxTree;
        if (!sources.Contains(source)) sources.Add(source);
    }

    public BindingAccess? AccessTo(IParameterSymbol buffer) => (read.Contains(buffer), written.Contains(buffer)) switch
    {
        (true, true) => BindingAccess.Accumulate,
        (true, false) => BindingAccess.Read,
        (false, true) => BindingAccess.Write,
        _ => null,
    };
}
