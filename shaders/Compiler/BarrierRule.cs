using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>
/// All threads of a group must arrive at a barrier, or none: it may not stand under a condition, nor after a return,
/// that depends on the thread or on memory. What depends on them is followed through the locals.
/// </summary>
internal static class BarrierRule
{
    public static void Check(CSharpCompilation compilation, MethodDeclarationSyntax execute)
    {
        InvocationExpressionSyntax[] barriers = [.. execute.DescendantNodes().OfType<InvocationExpressionSyntax>().Where(IsBarrier)];
        if (barriers.Length == 0) return;
        SemanticModel model = compilation.GetSemanticModel(execute.SyntaxTree);
        HashSet<ISymbol> varying = Varying(model, execute);
        foreach (InvocationExpressionSyntax barrier in barriers)
        {
            foreach (ExpressionSyntax condition in Conditions(barrier))
                if (Varies(model, condition, varying))
                    throw new KernelError(barrier.GetLocation(), $"A barrier under a condition that differs between the threads of a group ('{condition}').", "the barrier outside, and the condition around the work alone.");
            foreach (ReturnStatementSyntax exit in execute.DescendantNodes().OfType<ReturnStatementSyntax>())
                if ((exit.SpanStart < barrier.SpanStart || SharesLoop(exit, barrier)) && Conditions(exit).Any(c => Varies(model, c, varying)))
                    throw new KernelError(exit.GetLocation(), "Some threads return ahead of a barrier.", "a condition around the work, with all threads arriving at the barrier.");
        }
    }

    private static bool IsBarrier(InvocationExpressionSyntax call) => call.Expression.ToString().EndsWith("GroupMemoryBarrierWithGroupSync", StringComparison.Ordinal);

    private static bool SharesLoop(SyntaxNode a, SyntaxNode b) => a.Ancestors().Where(n => n is ForStatementSyntax or WhileStatementSyntax).Intersect(b.Ancestors()).Any();

    private static IEnumerable<ExpressionSyntax> Conditions(SyntaxNode node)
    {
        for (SyntaxNode? child = node, parent = node.Parent; parent is not null and not MethodDeclarationSyntax; child = parent, parent = parent.Parent)
            switch (parent)
            {
                case IfStatementSyntax choice when child != choice.Condition:
                    yield return choice.Condition;
                    break;
                case ForStatementSyntax { Condition: { } condition } when child != condition:
                    yield return condition;
                    break;
                case WhileStatementSyntax loop when child != loop.Condition:
                    yield return loop.Condition;
                    break;
            }
    }

    private static HashSet<ISymbol> Varying(SemanticModel model, MethodDeclarationSyntax execute)
    {
        HashSet<ISymbol> varying = new(SymbolEqualityComparer.Default);
        for (int before = -1; before != varying.Count;)
        {
            before = varying.Count;
            foreach (SyntaxNode node in execute.DescendantNodes())
            {
                (SyntaxNode? target, ExpressionSyntax? value) = node switch
                {
                    VariableDeclaratorSyntax { Initializer.Value: { } initial } declarator => (declarator, initial),
                    AssignmentExpressionSyntax assignment => (assignment.Left, assignment.Right),
                    PostfixUnaryExpressionSyntax step => (step.Operand, step.Operand),
                    ArgumentSyntax { RefKindKeyword.RawKind: not 0 } argument => (argument.Expression, (ExpressionSyntax)argument.Parent!.Parent!),
                    _ => ((SyntaxNode?)null, (ExpressionSyntax?)null),
                };
                while (target is MemberAccessExpressionSyntax or ElementAccessExpressionSyntax)
                    target = target is MemberAccessExpressionSyntax member ? member.Expression : ((ElementAccessExpressionSyntax)target).Expression;
                if (target is null || value is null) continue;
                ISymbol? symbol = target is VariableDeclaratorSyntax ? model.GetDeclaredSymbol(target) : model.GetSymbolInfo(target).Symbol;
                if (symbol is ILocalSymbol && (Varies(model, value, varying) || Conditions(node).Any(c => Varies(model, c, varying)))) varying.Add(symbol);
            }
        }
        return varying;
    }

    private static bool Varies(SemanticModel model, ExpressionSyntax expression, HashSet<ISymbol> varying) => expression.DescendantNodesAndSelf().Any(node => node switch
    {
        ElementAccessExpressionSyntax => true, // memory: another thread may read another value
        IdentifierNameSyntax { Identifier.ValueText: "ThreadIds" or "GroupIds" } => true,
        IdentifierNameSyntax name => model.GetSymbolInfo(name).Symbol is { } symbol && (varying.Contains(symbol) || symbol is IMethodSymbol { IsStatic: false }),
        _ => false,
    });
}
