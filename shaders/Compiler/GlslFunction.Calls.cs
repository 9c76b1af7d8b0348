using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

internal sealed partial class GlslFunction
{
    // Those that GLSL has under the same name, in lower case.
    private static readonly string[] SameName =
        ["Abs", "Max", "Min", "Clamp", "Floor", "Exp", "Exp2", "Log", "Log2", "Pow", "Sqrt", "Tanh", "Sin", "Cos", "Dot"];

    private string Call(InvocationExpressionSyntax call)
    {
        if (model.GetSymbolInfo(call).Symbol is not IMethodSymbol function) throw Error(call, "A call that cannot be resolved.", "Hlsl or a static function.");
        string[] arguments = [.. call.ArgumentList.Arguments.Select(Argument)];
        if (function.ContainingType is { Name: "Hlsl", ContainingNamespace.Name: "ComputeSharp" })
        {
            if (SameName.Contains(function.Name)) return $"{function.Name.ToLowerInvariant()}({string.Join(", ", arguments)})";
            switch (function.Name)
            {
                case "Rsqrt":
                    return $"inversesqrt({arguments[0]})";
                case "AsInt":
                    return $"floatBitsToInt({arguments[0]})";
                case "AsUInt":
                    return $"floatBitsToUint({arguments[0]})";
                case "GroupMemoryBarrierWithGroupSync":
                    if (!isEntryPoint) throw Error(call, "A barrier in a function, where nobody sees who arrives at it.", "the barrier in Execute.");
                    return "barrier()";
                case "AsFloat":
                    return $"{(function.Parameters[0].Type.SpecialType == SpecialType.System_UInt32 ? "uintBitsToFloat" : "intBitsToFloat")}({arguments[0]})";
                case "Float16ToFloat32":
                    return $"unpackHalf2x16({arguments[0]}).x";
                case "Float32ToFloat16":
                    return $"packHalf2x16(vec2({arguments[0]}, 0.0))";
            }
            throw Error(call, $"Hlsl.{function.Name} is unknown to this compiler.", "one of the functions in ComputeSharp.Subset/Hlsl.cs, or add it to GlslFunction.Calls.cs.");
        }
        bool own = SymbolEqualityComparer.Default.Equals(function.ContainingType, use.Type);
        if (function.DeclaringSyntaxReferences.Length == 0 || (!function.IsStatic && !own))
            throw Error(call, $"'{function.ToDisplayString()}' is not part of the kernels.", "a static function with its source among the kernels, or a method of the kernel itself.");
        if (function.MethodKind == MethodKind.LocalFunction) throw Error(call, "A local function.", "a static method of the struct.");
        use.Calls(function);
        return $"{NameOf(function)}({string.Join(", ", arguments)})";
    }

    private string Argument(ArgumentSyntax argument)
    {
        if (model.GetTypeInfo(argument.Expression).Type is { Name: "ReadWriteBuffer" } or IArrayTypeSymbol)
            throw Error(argument, "Buffers and arrays are not passed to functions.", "a method of the kernel that uses its buffer directly, or the element itself.");
        if (argument.RefKindKeyword.RawKind == 0) return Convert(argument.Expression);
        if (argument.Expression is not IdentifierNameSyntax) throw Error(argument, "A ref argument that is no local.", "a local, assigned back afterwards.");
        return Target(argument.Expression, reads: true);
    }
}
