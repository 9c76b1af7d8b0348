using Microsoft.CodeAnalysis;

namespace OnDeviceLearning.ShaderCompiler;

/// <summary>A line that a kernel may not have: where it is, which rule it breaks, and what to write instead.</summary>
public sealed class KernelError(Location location, string rule, string instead)
    : Exception($"{Place(location)}: {rule} Write instead: {instead}")
{
    /// <summary>The rule it breaks.</summary>
    public string Rule { get; } = rule;

    /// <summary>The line, counted from 1.</summary>
    public int Line { get; } = location.GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>file(line,column), as editors and build logs understand it.</summary>
    internal static string Place(Location location)
    {
        FileLinePositionSpan span = location.GetLineSpan();
        return $"{span.Path}({span.StartLinePosition.Line + 1},{span.StartLinePosition.Character + 1})";
    }
}
