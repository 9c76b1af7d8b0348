using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>
/// Names that a C# programmer reaches for and that a kernel cannot have. They are looked for before the type checker
/// runs, so that the answer is the rule and not "the name does not exist".
/// </summary>
internal static class ForbiddenNames
{
    private static readonly Dictionary<string, (string Rule, string Instead)> Names = new()
    {
        ["ReadOnlyBuffer"] = ("A ReadOnlyBuffer can never be written by another kernel: ComputeSharp gives no second view of the same memory.", "ReadWriteBuffer<float>, <int> or <uint>, with an element offset among the constants."),
        ["ConstantBuffer"] = ("The layout of a ConstantBuffer differs between DirectX 12 and Vulkan.", "constants as constructor parameters of the kernel."),
        ["Math"] = ("System.Math does not exist on a GPU.", "the function of the same name in Hlsl."),
        ["MathF"] = ("System.MathF does not exist on a GPU.", "the function of the same name in Hlsl."),
        ["Span"] = ("There are no spans on a GPU.", "an index into a buffer or a group-shared array."),
        ["ReadOnlySpan"] = ("There are no spans on a GPU.", "an index into a buffer or a group-shared array."),
        ["Half"] = ("ComputeSharp has no half buffers and no half arithmetic.", "ReadWriteBuffer<uint> with Hlsl.Float16ToFloat32 and Hlsl.Float32ToFloat16."),
        ["InterlockedAdd"] = ("There is no atomic addition of floats, and its order would not repeat.", "a reduction in two passes, in a fixed order."),
        ["DispatchSize"] = ("The injected thread counts are rounded up to whole groups.", "the real size as a constant of the kernel."),
        ["WaveIds"] = ("ComputeSharp has no wave intrinsics.", "a reduction through group-shared memory."),
    };

    public static void Check(SyntaxTree tree)
    {
        foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            switch (node)
            {
                case SimpleNameSyntax name when node.Parent is not UsingDirectiveSyntax && Names.TryGetValue(name.Identifier.ValueText, out (string Rule, string Instead) rule):
                    throw new KernelError(name.GetLocation(), rule.Rule, rule.Instead);
                case StackAllocArrayCreationExpressionSyntax or ImplicitStackAllocArrayCreationExpressionSyntax or ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax or CollectionExpressionSyntax:
                    throw new KernelError(node.GetLocation(), "A kernel has no local arrays.", "single locals, Float4 locals, or a [GroupShared] static array.");
                case TypeDeclarationSyntax { TypeParameterList: not null }:
                    throw new KernelError(node.GetLocation(), "ComputeSharp takes no generic kernels.", "one kernel for each element type.");
                case PredefinedTypeSyntax type when type.Keyword.Kind() is SyntaxKind.DoubleKeyword or SyntaxKind.LongKeyword or SyntaxKind.ULongKeyword or SyntaxKind.ByteKeyword or SyntaxKind.SByteKeyword
                    or SyntaxKind.ShortKeyword or SyntaxKind.UShortKeyword or SyntaxKind.CharKeyword or SyntaxKind.StringKeyword or SyntaxKind.ObjectKeyword or SyntaxKind.DecimalKeyword:
                    throw new KernelError(type.GetLocation(), $"The type {type.Keyword.ValueText} is not there on every GPU, or not in ComputeSharp.", "float, int, uint, bool or Float4.");
            }
    }
}
