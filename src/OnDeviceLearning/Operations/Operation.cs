using System.Runtime.CompilerServices;
using System.Text;

namespace OnDeviceLearning.Operations;

/// <summary>What the elements of an operand are.</summary>
public enum ElementType
{
    /// <summary>32-bit IEEE 754.</summary>
    Float32,
    /// <summary>32-bit signed integers: token ids, class indices, argmax positions.</summary>
    Int32,
}

/// <summary>What an operation does to an operand. Barriers and memory planning follow from it.</summary>
public enum OperandAccess
{
    /// <summary>Read only.</summary>
    Read,
    /// <summary>Every element is overwritten, whatever was there.</summary>
    Write,
    /// <summary>Read and updated: gradients that accumulate, parameters and optimizer state.</summary>
    Accumulate,
}

/// <summary>One operand of an operation: a dense block of <paramref name="Length"/> elements.</summary>
public readonly record struct Operand(string Name, int Length, OperandAccess Access, ElementType Type = ElementType.Float32);

/// <summary>
/// One step of a program as data: its sizes, its operands with their access, and a scalar <see cref="Reference"/> that
/// says in plain loops what is computed. Devices override it with something faster and must agree with it.
/// Row-major throughout; images are [N, C, H, W], sequences [N, L, D].
/// </summary>
public abstract record Operation
{
    /// <summary>The operation's name in errors, profiles and conformance reports.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>The operands, in the order in which they are bound.</summary>
    public abstract IReadOnlyList<Operand> Operands { get; }

    /// <summary>Floating-point operations of one run, an FMA counted as two.</summary>
    public abstract long Flops { get; }

    /// <summary>The least memory traffic possible: every operand once, twice where it accumulates.</summary>
    public long Bytes
    {
        get
        {
            IReadOnlyList<Operand> operands = Operands;
            long bytes = 0;
            for (int i = 0; i < operands.Count; i++) bytes += 4L * operands[i].Length * (operands[i].Access == OperandAccess.Accumulate ? 2 : 1);
            return bytes;
        }
    }

    /// <summary>Whether this is one of several parts of an operation, for other samples and with the same parameters.</summary>
    internal bool IsPart { get; init; }

    /// <summary>Computes the operation in plain loops; slow and obviously right.</summary>
    public abstract void Reference(OperandSpans operands);

    /// <summary>
    /// Checks the sizes. Positional records assign their properties before the base constructor runs, so an operation
    /// with impossible sizes never exists.
    /// </summary>
    /// <exception cref="ArgumentException">A size is out of range; the message names it.</exception>
    protected Operation()
    {
        Validate();
        _ = Operands; // an operand of more than int.MaxValue elements throws here, not when it is bound
    }

    /// <summary>An operation prints as its name and sizes; what follows from them is left out.</summary>
    protected virtual bool PrintMembers(StringBuilder builder) => false;

    /// <summary>Throws an <see cref="ArgumentException"/> where a size makes no sense.</summary>
    protected virtual void Validate() { }

    /// <summary>Throws unless the size is at least <paramref name="least"/>.</summary>
    protected void AtLeast(int least, int value, [CallerArgumentExpression(nameof(value))] string size = "")
    {
        if (value < least) throw new ArgumentException($"{Name}: {size} is {value}; expected at least {least}.", size);
    }

    /// <summary>What <see cref="Validate"/> throws: the operation's name in front of what is wrong.</summary>
    protected ArgumentException Error(string message) => new($"{Name}: {message}");

    /// <summary>An operand that is only read.</summary>
    private protected Operand Reads(string name, params ReadOnlySpan<int> shape) => new(name, Count(name, shape), OperandAccess.Read);

    /// <summary>An operand that is overwritten.</summary>
    private protected Operand Writes(string name, params ReadOnlySpan<int> shape) => new(name, Count(name, shape), OperandAccess.Write);

    /// <summary>An operand that is updated.</summary>
    private protected Operand Updates(string name, params ReadOnlySpan<int> shape) => new(name, Count(name, shape), OperandAccess.Accumulate);

    private int Count(string name, ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int size in shape)
        {
            if (size < 1) throw new ArgumentException($"{Name}: operand '{name}' has the shape [{string.Join(", ", shape.ToArray())}]; every size must be at least 1.");
            count *= size;
            if (count > int.MaxValue) throw new ArgumentException($"{Name}: operand '{name}' of shape [{string.Join(", ", shape.ToArray())}] has more than {int.MaxValue} elements.");
        }
        return (int)count;
    }
}

/// <summary>The memory of an operation's operands, in their order.</summary>
public readonly unsafe ref struct OperandSpans
{
    private readonly ReadOnlySpan<nint> pointers;
    private readonly IReadOnlyList<Operand> operands;

    internal OperandSpans(ReadOnlySpan<nint> pointers, IReadOnlyList<Operand> operands)
    {
        this.pointers = pointers;
        this.operands = operands;
    }

    /// <summary>The floats of operand <paramref name="index"/>.</summary>
    public Span<float> this[int index] => new((void*)pointers[index], operands[index].Length);

    /// <summary>The integers of operand <paramref name="index"/>.</summary>
    public Span<int> Int32(int index) => new((void*)pointers[index], operands[index].Length);
}
