using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

internal sealed partial class GlslFunction
{
    /// <summary>The expression's value in the type that its place wants; C#'s implicit conversions become GLSL's constructors.</summary>
    private string Convert(ExpressionSyntax expression)
    {
        TypeInfo types = model.GetTypeInfo(expression);
        ITypeSymbol? wanted = types.ConvertedType ?? types.Type;
        Optional<object?> constant = model.GetConstantValue(expression);
        if (constant is { HasValue: true, Value: { } value } && wanted?.Name != "Float4")
        {
            NameConstants(expression);
            return GlslTypes.Literal(value, GlslTypes.NameOf(wanted, expression.GetLocation()), expression.GetLocation());
        }
        if (expression.IsKind(SyntaxKind.DefaultLiteralExpression)) return Zero(wanted, expression);
        string inner = Expression(expression);
        if (SymbolEqualityComparer.Default.Equals(types.Type, wanted)) return inner;
        string from = GlslTypes.NameOf(types.Type, expression.GetLocation()), to = GlslTypes.NameOf(wanted, expression.GetLocation());
        return (from, to) switch
        {
            ("int" or "uint", "float") or ("float", "Float4") => $"{GlslTypes.Glsl(to)}({inner})",
            ("int" or "uint", "Float4") => $"vec4(float({inner}))",
            _ => throw Error(expression, $"An implicit conversion from {from} to {to}.", "an explicit cast."),
        };
    }

    private string Expression(ExpressionSyntax expression)
    {
        switch (expression)
        {
            case ParenthesizedExpressionSyntax parentheses:
                return $"({Convert(parentheses.Expression)})";
            case LiteralExpressionSyntax literal when model.GetConstantValue(literal) is { HasValue: true, Value: { } value }:
                return GlslTypes.Literal(value, GlslTypes.NameOf(model.GetTypeInfo(literal).Type, literal.GetLocation()), literal.GetLocation());
            case IdentifierNameSyntax name:
                return Named(name);
            case MemberAccessExpressionSyntax member:
                return Member(member);
            case ElementAccessExpressionSyntax element:
                return Element(element, reads: true, writes: false);
            case InvocationExpressionSyntax call:
                return Call(call);
            case BinaryExpressionSyntax { OperatorToken.Text: "%" } remainder:
                return Remainder(remainder.Left, remainder.Right);
            case BinaryExpressionSyntax binary:
                return Binary(binary);
            case PrefixUnaryExpressionSyntax { OperatorToken.Text: "-" or "!" or "~" or "+" } unary:
                return $"({unary.OperatorToken.Text}{Convert(unary.Operand)})";
            case ConditionalExpressionSyntax choice:
                return $"({Convert(choice.Condition)} ? {Convert(choice.WhenTrue)} : {Convert(choice.WhenFalse)})";
            case CastExpressionSyntax cast:
                ITypeSymbol? type = model.GetTypeInfo(cast).Type;
                string from = GlslTypes.NameOf(model.GetTypeInfo(cast.Expression).Type, cast.GetLocation()), to = GlslTypes.NameOf(type, cast.GetLocation());
                if (from is "Float4" or "bool" || (to is "bool" && from != to)) throw Error(cast, $"A cast from {from} to {to}.", "a cast between float, int and uint, or a comparison.");
                return from == to ? Expression(cast.Expression) : $"{GlslTypes.Glsl(to)}({Expression(cast.Expression)})";
            case BaseObjectCreationExpressionSyntax creation when model.GetTypeInfo(creation).Type is { Name: "Float4" }:
                if (creation.Initializer is not null || creation.ArgumentList?.Arguments.Count is not 4) throw Error(creation, "A Float4 with other than four components.", "new Float4(x, y, z, w), or a float that becomes four.");
                return $"vec4({string.Join(", ", creation.ArgumentList.Arguments.Select(a => Convert(a.Expression)))})";
            case DefaultExpressionSyntax zero:
                return Zero(model.GetTypeInfo(zero).Type, zero);
            default:
                throw Error(expression, $"A kernel has no {Kind(expression)}.", "arithmetic, comparisons, ?:, casts, calls of Hlsl and of static functions.");
        }
    }

    private string Zero(ITypeSymbol? type, SyntaxNode place) => GlslTypes.NameOf(type, place.GetLocation()) switch
    {
        "float" => "0.0",
        "int" => "0",
        "uint" => "0u",
        "bool" => "false",
        _ => "vec4(0.0)",
    };

    private string Binary(BinaryExpressionSyntax binary)
    {
        string sign = binary.OperatorToken.Text;
        if (sign is not ("+" or "-" or "*" or "/" or "==" or "!=" or "<" or "<=" or ">" or ">=" or "&&" or "||" or "&" or "|" or "^" or "<<" or ">>"))
            throw Error(binary, $"The operator {sign}.", "arithmetic, comparisons, && and ||.");
        if (sign is "&" or "|" or "^" && model.GetTypeInfo(binary).Type?.SpecialType == SpecialType.System_Boolean)
            throw Error(binary, $"The operator {sign} between bools.", "&& or ||.");
        return $"({Convert(binary.Left)} {sign} {Convert(binary.Right)})";
    }

    private string Remainder(ExpressionSyntax left, ExpressionSyntax right)
    {
        string type = GlslTypes.NameOf(model.GetTypeInfo(left).ConvertedType, left.GetLocation());
        if (type == "uint") return $"({Convert(left)} % {Convert(right)})";
        if (type != "int") throw Error(left, "The remainder of floats differs between HLSL and GLSL.", "x - Hlsl.Floor(x / y) * y.");
        return $"remainder({Convert(left)}, {Convert(right)})";
    }

    private string Named(IdentifierNameSyntax name)
    {
        switch (model.GetSymbolInfo(name).Symbol)
        {
            case ILocalSymbol:
                return GlslTypes.Identifier(name.Identifier.ValueText);
            case IParameterSymbol parameter when parameter.Type.Name == "ReadWriteBuffer":
                throw Error(name, "A buffer is used as a value.", "an element of it: buffer[offset + i].");
            case IParameterSymbol parameter:
                return GlslTypes.Identifier(parameter.Name);
            case IFieldSymbol { Type: IArrayTypeSymbol }:
                throw Error(name, "A group-shared array is used as a value.", "an element of it.");
            default:
                throw Error(name, $"'{name.Identifier.ValueText}' is nothing that a kernel can read.", "a local, a parameter, a constant or a group-shared array.");
        }
    }

    private string Member(MemberAccessExpressionSyntax member)
    {
        if (model.GetSymbolInfo(member).Symbol is IPropertySymbol { ContainingNamespace.Name: "ComputeSharp" } property)
        {
            string axis = property.Name.ToLowerInvariant();
            switch (property.ContainingType.Name)
            {
                case "ThreadIds" or "GroupIds" or "GridIds" when !isEntryPoint:
                    throw Error(member, $"{property.ContainingType.Name} is known in Execute only.", "the index as a parameter of the function.");
                case "ThreadIds" or "GroupIds" or "GridIds" when SignMatters(member):
                    throw Error(member, $"{member} is an int in C# and unsigned in HLSL, where this would come out differently once something is negative.", $"int i = {member}; and then i.");
                case "ThreadIds":
                    return $"int(gl_GlobalInvocationID.{axis})";
                case "GroupIds":
                    return property.Name == "Index" ? "int(gl_LocalInvocationIndex)" : $"int(gl_LocalInvocationID.{axis})";
                case "GridIds":
                    return $"int(gl_WorkGroupID.{axis})";
                case "Float4":
                    return $"{Expression(member.Expression)}.{axis}";
            }
        }
        throw Error(member, $"'{member}' is nothing that a kernel can read.", "ThreadIds, GroupIds, GridIds, a component of a Float4, or a constant.");
    }

    /// <summary>Whether an index of thread or group stands where an unsigned one could give another result: anywhere but in sums, products, tests of equality, and as a plain value.</summary>
    private static bool SignMatters(MemberAccessExpressionSyntax index)
    {
        SyntaxNode node = index;
        for (SyntaxNode? parent = node.Parent; ; node = parent, parent = parent.Parent)
            switch (parent)
            {
                case ParenthesizedExpressionSyntax or BinaryExpressionSyntax { OperatorToken.Text: "+" or "*" }:
                case BinaryExpressionSyntax { OperatorToken.Text: "/" or "%" } quotient when quotient.Left == index:
                    break;
                case ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: "Hlsl" } } } }:
                    return true;
                case EqualsValueClauseSyntax or ArgumentSyntax or AssignmentExpressionSyntax or BinaryExpressionSyntax { OperatorToken.Text: "==" or "!=" }:
                    return false;
                case CastExpressionSyntax when node == index:
                    return false;
                default:
                    return true;
            }
    }

    private string Element(ElementAccessExpressionSyntax element, bool reads, bool writes)
    {
        if (element.ArgumentList.Arguments.Count != 1) throw Error(element, "More than one index.", "one index, computed.");
        string index = Convert(element.ArgumentList.Arguments[0].Expression);
        ISymbol? symbol = model.GetSymbolInfo(element.Expression).Symbol;
        switch (symbol)
        {
            case IParameterSymbol { Type.Name: "ReadWriteBuffer" } buffer:
                if (reads) use.Reads(buffer);
                if (writes) use.Writes(buffer);
                return $"{GlslTypes.Identifier(buffer.Name)}[{index}]";
            case IFieldSymbol { Type: IArrayTypeSymbol } shared:
                if (!SymbolEqualityComparer.Default.Equals(shared.ContainingType, use.Type))
                    throw Error(element, "A group-shared array of another type.", "one that the kernel itself declares.");
                return $"{GlslTypes.Identifier(shared.Name)}[{index}]";
        }
        if (model.GetTypeInfo(element.Expression).Type?.Name != "Float4")
            throw Error(element, "An index into something that is no buffer, group-shared array or Float4.", "an element of one of those.");
        string vector = element.Expression is ElementAccessExpressionSyntax inner ? Element(inner, reads, writes) : Expression(element.Expression);
        return $"{vector}[{index}]";
    }

    /// <summary>Something that is assigned to.</summary>
    private string Target(ExpressionSyntax target, bool reads)
    {
        switch (target)
        {
            case IdentifierNameSyntax name when model.GetSymbolInfo(name).Symbol is ILocalSymbol or IParameterSymbol { ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.Ordinary } }:
                return GlslTypes.Identifier(name.Identifier.ValueText);
            case ElementAccessExpressionSyntax element:
                return Element(element, reads, writes: true);
            case MemberAccessExpressionSyntax member when model.GetTypeInfo(member.Expression).Type?.Name == "Float4":
                return $"{Target(member.Expression, reads)}.{member.Name.Identifier.ValueText.ToLowerInvariant()}";
            default:
                throw Error(target, $"'{target}' cannot be assigned to in a kernel.", "a local, an element of a buffer or of a group-shared array; constants stay as they are.");
        }
    }

    private void NameConstants(ExpressionSyntax expression)
    {
        foreach (SimpleNameSyntax name in expression.DescendantNodesAndSelf().OfType<SimpleNameSyntax>())
            if (model.GetSymbolInfo(name).Symbol is IFieldSymbol { IsConst: true } constant) use.Names(constant);
    }
}
