using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>A tensor of a program being planned; its memory is decided when the program is built.</summary>
internal sealed class PlannedTensor(int length, ElementType type, DeviceBuffer? outside = null)
{
    public int Length { get; } = length;

    public ElementType Type { get; } = type;

    /// <summary>Memory given from outside: parameters, inputs, outputs. It is never shared.</summary>
    public DeviceBuffer? Outside { get; } = outside;

    /// <summary>Index of the first operation that touches it; -1 before there is one.</summary>
    public int First { get; set; } = -1;

    /// <summary>Index of the last operation that touches it.</summary>
    public int Last { get; set; } = -1;

    /// <summary>First element within the arena of its type.</summary>
    public int Offset { get; set; }
}

/// <summary>
/// A dense range of a planned tensor, as an operand. A class: generic code over structs of one's own is compiled anew at
/// every cold start, code over references is the framework's own.
/// </summary>
internal sealed record Value(PlannedTensor Tensor, int Offset, int Length)
{
    /// <summary>Whether this is all of a tensor that only the program knows.</summary>
    public bool IsWholeTemporary => Tensor.Outside is null && Offset == 0 && Length == Tensor.Length;

    /// <summary>Whether both are the same elements.</summary>
    public bool IsSame(Value other) =>
        Offset == other.Offset && Length == other.Length && (ReferenceEquals(Tensor, other.Tensor) || (Tensor.Outside is { } outside && ReferenceEquals(outside, other.Tensor.Outside)));

    public Value Slice(int offset, int length) => new(Tensor, Offset + offset, length);
}

/// <summary>An operation of a program being planned, and its operands.</summary>
internal sealed record PlannedOperation(Operation Operation, Value[] Operands);

/// <summary>
/// Collects operations on tensors without memory, then gives each tensor a place in one arena per element type, where
/// tensors that are never alive together share memory, and records the program.
/// </summary>
internal sealed class ProgramBuilder(ComputeDevice device)
{
    private readonly List<Operation> operations = [];
    private readonly List<PlannedOperation> planned = [];

    public ComputeDevice Device => device;

    /// <summary>The operations so far, in order.</summary>
    public IReadOnlyList<Operation> Operations => operations;

    /// <summary>A tensor that is alive from the first to the last operation that touches it.</summary>
    public Value Temporary(int length, ElementType type = ElementType.Float32) => new(new PlannedTensor(length, type), 0, length);

    /// <summary>Memory that outlives the program's runs.</summary>
    public static Value Fixed(BufferRange range) => new(new PlannedTensor(range.Length, range.Buffer.Type, range.Buffer), range.Offset, range.Length);

    /// <summary>Appends an operation.</summary>
    public void Emit(Operation operation, params Value[] bound)
    {
        operations.Add(operation);
        planned.Add(new PlannedOperation(operation, bound));
    }

    /// <summary>Plans the memory, allocates it and records the program.</summary>
    public PlannedProgram Build()
    {
        IReadOnlyList<PlannedOperation> fused = device.Fuse(planned);
        List<PlannedTensor> tensors = Lifetimes(fused);
        DeviceBuffer? floats = Place(tensors, ElementType.Float32);
        DeviceBuffer? integers = null;
        try
        {
            integers = Place(tensors, ElementType.Int32);
            var bound = new BoundOperation[fused.Count];
            for (int i = 0; i < bound.Length; i++)
            {
                Value[] operands = fused[i].Operands;
                var ranges = new BufferRange[operands.Length];
                for (int k = 0; k < ranges.Length; k++) ranges[k] = Bind(operands[k]);
                bound[i] = new BoundOperation(fused[i].Operation, ranges);
            }
            return new PlannedProgram(device.Record(bound), floats, integers, operations);
        }
        catch
        {
            floats?.Dispose();
            integers?.Dispose();
            throw;
        }

        BufferRange Bind(Value value)
        {
            if (value.Tensor.Outside is { } outside) return new BufferRange(outside, value.Offset, value.Length);
            DeviceBuffer arena = (value.Tensor.Type == ElementType.Float32 ? floats : integers)!;
            return new BufferRange(arena, value.Tensor.Offset + value.Offset, value.Length);
        }
    }

    /// <summary>Sets when each tensor is first and last touched; returns those that need memory.</summary>
    private static List<PlannedTensor> Lifetimes(IReadOnlyList<PlannedOperation> operations)
    {
        var tensors = new List<PlannedTensor>();
        for (int i = 0; i < operations.Count; i++)
            foreach (Value operand in operations[i].Operands)
            {
                if (operand.Tensor.First < 0)
                {
                    operand.Tensor.First = i;
                    if (operand.Tensor.Outside is null) tensors.Add(operand.Tensor);
                }
                operand.Tensor.Last = i;
            }
        return tensors;
    }

    private DeviceBuffer? Place(List<PlannedTensor> tensors, ElementType type)
    {
        List<PlannedTensor> placed = tensors.FindAll(t => t.Type == type);
        if (placed.Count == 0) return null;
        int length = ArenaPlanner.Place(placed);
        DeviceBuffer arena = device.Allocate(length, type);
        arena.IsPrivate = true;
        return arena;
    }
}

/// <summary>A recorded program and the arenas it works in.</summary>
internal sealed class PlannedProgram(DeviceProgram program, DeviceBuffer? floats, DeviceBuffer? integers, IReadOnlyList<Operation> operations) : IDisposable
{
    public DeviceProgram Program => program;

    /// <summary>What is computed, in order.</summary>
    public IReadOnlyList<Operation> Operations => operations;

    /// <summary>Elements of memory for intermediate values.</summary>
    public long ArenaLength => (floats?.Length ?? 0L) + (integers?.Length ?? 0L);

    public void Dispose()
    {
        program.Dispose();
        floats?.Dispose();
        integers?.Dispose();
    }
}
