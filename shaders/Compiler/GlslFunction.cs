using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>Translates one function of a kernel, statement by statement; what has no branch here is refused.</summary>
internal sealed partial class GlslFunction
{
    private readonly KernelUse use;
    private readonly IMethodSymbol method;
    private readonly bool isEntryPoint;
    private readonly MethodDeclarationSyntax declaration;
    private readonly SemanticModel model;
    private readonly StringBuilder text = new();
    private int depth;

    public GlslFunction(KernelUse use, IMethodSymbol method, bool isEntryPoint)
    {
        (this.use, this.method, this.isEntryPoint) = (use, method, isEntryPoint);
        declaration = (MethodDeclarationSyntax)method.DeclaringSyntaxReferences[0].GetSyntax();
        model = use.ModelOf(declaration);
    }

    public static string NameOf(IMethodSymbol function) => $"{function.ContainingType.Name}_{function.Name}";

    public string Signature()
    {
        IEnumerable<string> parameters = method.Parameters.Select(p =>
        {
            Location place = p.Locations[0];
            if (p.Type is INamedTypeSymbol { Name: "ReadWriteBuffer" } or IArrayTypeSymbol)
                throw new KernelError(place, "Buffers and arrays are not passed to functions.", "a method of the kernel that uses its buffer directly, or the element itself.");
            string direction = p.RefKind switch
            {
                RefKind.None => "",
                RefKind.Ref => "inout ",
                RefKind.Out => "out ",
                _ => throw new KernelError(place, $"A parameter that is '{p.RefKind}'.", "a value, ref or out."),
            };
            return $"{direction}{GlslTypes.Of(p.Type, place)} {GlslTypes.Identifier(p.Name)}";
        });
        return $"{GlslTypes.Of(method.ReturnType, declaration.ReturnType.GetLocation())} {NameOf(method)}({string.Join(", ", parameters)})";
    }

    public string Body()
    {
        if (declaration.Modifiers.Any(m => m.Kind() is SyntaxKind.UnsafeKeyword or SyntaxKind.AsyncKeyword) || method.IsGenericMethod)
            throw Error(declaration, "A function that is unsafe, async or generic.", "a plain function.");
        if (declaration.Body is not null) Block(declaration.Body);
        else
        {
            Line("{");
            depth++;
            string value = Convert(declaration.ExpressionBody!.Expression);
            Line(method.ReturnsVoid ? $"{Statement(declaration.ExpressionBody.Expression)};" : $"return {value};");
            depth--;
            Line("}");
        }
        return text.ToString();
    }

    private void Block(BlockSyntax block)
    {
        Line("{");
        depth++;
        foreach (StatementSyntax statement in block.Statements) Write(statement);
        depth--;
        Line("}");
    }

    private void Embedded(StatementSyntax statement)
    {
        if (statement is BlockSyntax block)
        {
            Block(block);
            return;
        }
        Line("{");
        depth++;
        Write(statement);
        depth--;
        Line("}");
    }

    private void Write(StatementSyntax statement)
    {
        switch (statement)
        {
            case BlockSyntax block:
                Block(block);
                break;
            case LocalDeclarationStatementSyntax local:
                if (local.UsingKeyword.RawKind != 0) throw Error(local, "A using declaration.", "a plain local.");
                if (!local.IsConst) Line($"{Declaration(local.Declaration)};");
                break;
            case ExpressionStatementSyntax expression:
                Line($"{Statement(expression.Expression)};");
                break;
            case IfStatementSyntax choice:
                Line($"if ({Convert(choice.Condition)})");
                Embedded(choice.Statement);
                if (choice.Else is not null)
                {
                    Line("else");
                    Embedded(choice.Else.Statement);
                }
                break;
            case ForStatementSyntax loop:
                string start = loop.Declaration is not null ? Declaration(loop.Declaration) : string.Join(", ", loop.Initializers.Select(Statement));
                string condition = loop.Condition is null ? "" : Convert(loop.Condition);
                Line($"for ({start}; {condition}; {string.Join(", ", loop.Incrementors.Select(Statement))})");
                Embedded(loop.Statement);
                break;
            case WhileStatementSyntax loop:
                Line($"while ({Convert(loop.Condition)})");
                Embedded(loop.Statement);
                break;
            case ReturnStatementSyntax { Expression: null }:
                Line("return;");
                break;
            case ReturnStatementSyntax { Expression: { } value }:
                Line($"return {Convert(value)};");
                break;
            case BreakStatementSyntax:
                Line("break;");
                break;
            case ContinueStatementSyntax:
                Line("continue;");
                break;
            case EmptyStatementSyntax:
                break;
            default:
                throw Error(statement, $"A kernel has no {Kind(statement)}.", "if, for, while, and plain statements.");
        }
    }

    private string Declaration(VariableDeclarationSyntax declaration)
    {
        ITypeSymbol? type = model.GetTypeInfo(declaration.Type).Type;
        if (type is IArrayTypeSymbol) throw Error(declaration, "A kernel has no local arrays.", "single locals, Float4 locals, or a [GroupShared] static array.");
        if (type is { Name: "ReadWriteBuffer" } || declaration.Type is RefTypeSyntax) throw Error(declaration, "A buffer or a reference in a local.", "the buffer's own name with an index.");
        IEnumerable<string> variables = declaration.Variables.Select(v =>
            GlslTypes.Identifier(v.Identifier.ValueText) + (v.Initializer is null ? "" : $" = {Convert(v.Initializer.Value)}"));
        return $"{GlslTypes.Of(type, declaration.GetLocation())} {string.Join(", ", variables)}";
    }

    /// <summary>An expression that stands for itself: an assignment, a call, a step.</summary>
    private string Statement(ExpressionSyntax expression)
    {
        switch (expression)
        {
            case AssignmentExpressionSyntax assignment:
                return Assignment(assignment);
            case PostfixUnaryExpressionSyntax step:
                return Step(step.Operand, step.OperatorToken.Text);
            case PrefixUnaryExpressionSyntax { OperatorToken.Text: "++" or "--" } step:
                return Step(step.Operand, step.OperatorToken.Text);
            case InvocationExpressionSyntax call:
                return Call(call);
            default:
                throw Error(expression, $"A statement that is {Kind(expression)}.", "an assignment, a call, ++ or --.");
        }
    }

    private string Assignment(AssignmentExpressionSyntax assignment)
    {
        string sign = assignment.OperatorToken.Text;
        if (sign is not ("=" or "+=" or "-=" or "*=" or "/=" or "%=" or "&=" or "|=" or "^=" or "<<=" or ">>="))
            throw Error(assignment, $"The assignment {sign}.", "= or a compound assignment of arithmetic.");
        string target = Target(assignment.Left, reads: sign != "=");
        if (sign == "%=") return $"{target} = {Remainder(assignment.Left, assignment.Right)}";
        return $"{target} {sign} {Convert(assignment.Right)}";
    }

    private string Step(ExpressionSyntax operand, string sign) => $"{Target(operand, reads: true)}{sign}";

    private void Line(string line) => text.Append(' ', 4 * depth).Append(line).Append('\n');

    private static KernelError Error(SyntaxNode node, string rule, string instead) => new(node.GetLocation(), rule, instead);

    private static string Kind(SyntaxNode node)
    {
        string kind = node.Kind().ToString();
        foreach (string end in (string[])["Statement", "Expression"])
            if (kind.EndsWith(end, StringComparison.Ordinal)) kind = kind[..^end.Length];
        return string.Concat(kind.Select((c, i) => char.IsUpper(c) && i > 0 ? $" {char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));
    }
}
