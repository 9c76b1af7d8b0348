using System.Globalization;
using Microsoft.CodeAnalysis;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>Types, names and literals in GLSL.</summary>
internal static class GlslTypes
{
    /// <summary>float, int, uint, bool, Float4 or void; anything else is refused.</summary>
    public static string NameOf(ITypeSymbol? type, Location? place = null) => type switch
    {
        { SpecialType: SpecialType.System_Single } => "float",
        { SpecialType: SpecialType.System_Int32 } => "int",
        { SpecialType: SpecialType.System_UInt32 } => "uint",
        { SpecialType: SpecialType.System_Boolean } => "bool",
        { SpecialType: SpecialType.System_Void } => "void",
        { Name: "Float4" } => "Float4",
        _ => throw new KernelError(place ?? Location.None, $"The type {type?.Name} is not there on every GPU, or not in ComputeSharp.", "float, int, uint, bool or Float4."),
    };

    public static string Of(ITypeSymbol? type, Location place) => Glsl(NameOf(type, place));

    public static string Glsl(string name) => name == "Float4" ? "vec4" : name;

    /// <summary>A trailing underscore keeps C#'s names clear of GLSL's reserved words, of which there are many and more to come.</summary>
    public static string Identifier(string name) => name.TrimStart('@').Replace("__", "_", StringComparison.Ordinal).TrimEnd('_') + "_";

    /// <summary>A constant, converted to the type it is used as.</summary>
    public static string Literal(object value, string type, Location place)
    {
        switch (type)
        {
            case "bool":
                return (bool)value ? "true" : "false";
            case "int":
                int i = Convert.ToInt32(value, CultureInfo.InvariantCulture);
                return i == int.MinValue ? "(-2147483647 - 1)" : i < 0 ? $"({i.ToString(CultureInfo.InvariantCulture)})" : i.ToString(CultureInfo.InvariantCulture);
            case "uint":
                return Convert.ToUInt32(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture) + "u";
            case "float":
                float f = Convert.ToSingle(value, CultureInfo.InvariantCulture);
                if (!float.IsFinite(f)) throw new KernelError(place, "An infinite or undefined constant: ComputeSharp writes it in a way that HLSL does not read.", "a large finite number, such as -3.0e38f.");
                string text = f.ToString("R", CultureInfo.InvariantCulture);
                if (!text.Contains('.') && !text.Contains('E')) text += ".0";
                return f < 0 || (f == 0 && float.IsNegative(f)) ? $"({text})" : text;
            default:
                throw new KernelError(place, $"A constant of type {type}.", "a float, int, uint or bool constant.");
        }
    }
}
