using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning;

/// <summary>What kind of hardware a device is.</summary>
public enum DeviceKind
{
    /// <summary>The built-in SIMD device.</summary>
    Cpu,
    /// <summary>A GPU that shares the CPU's memory.</summary>
    IntegratedGpu,
    /// <summary>A GPU with memory of its own.</summary>
    DiscreteGpu,
    /// <summary>A GPU API run by the CPU (lavapipe, WARP): for tests, opened only by name.</summary>
    SoftwareGpu,
}

/// <summary>
/// Where programs run. Public members check their arguments and call the protected <c>...Core</c> of the device.
/// A device may be shared by several backbones; its members are safe to call from any thread, its programs and buffers
/// from one thread at a time.
/// </summary>
public abstract partial class ComputeDevice : IDisposable
{
    private bool disposed;

    /// <summary>The device's name as its driver gives it.</summary>
    public abstract string Name { get; }

    /// <summary>What kind of hardware it is.</summary>
    public abstract DeviceKind Kind { get; }

    /// <summary>Zeroed memory for <paramref name="length"/> elements.</summary>
    /// <exception cref="ArgumentException">The length is not positive.</exception>
    /// <exception cref="DeviceException">The device has not that much memory left.</exception>
    public DeviceBuffer Allocate(int length, ElementType type = ElementType.Float32)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (length <= 0) throw new ArgumentException($"Allocate: length is {length}; expected at least 1.", nameof(length));
        return AllocateCore(length, type);
    }

    /// <summary>Binds operations to memory, in order, and prepares them for being replayed any number of times.</summary>
    /// <exception cref="ArgumentException">An operand's range does not fit its operation or its buffer, or belongs to another device.</exception>
    public DeviceProgram Record(IReadOnlyList<BoundOperation> operations)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(operations);
        foreach (BoundOperation bound in operations) bound.Validate(this);
        return RecordCore(operations);
    }

    /// <summary>
    /// Elements up to which an intermediate value should stay, so that it is still in a cache when it is read: a forward
    /// program computes a larger batch in parts.
    /// </summary>
    internal virtual long CachedElements => long.MaxValue;

    /// <summary>Elements that the caches nearest to the cores hold.</summary>
    internal virtual long NearElements => long.MaxValue;

    /// <summary>
    /// The operations of a program, before its memory is planned, with those replaced that the device computes together.
    /// Whatever lies outside the program's intermediate values, and no operation replaced, is as before.
    /// </summary>
    internal virtual IReadOnlyList<PlannedOperation> Fuse(IReadOnlyList<PlannedOperation> operations) => operations;

    /// <inheritdoc cref="Allocate"/>
    protected abstract DeviceBuffer AllocateCore(int length, ElementType type);

    /// <inheritdoc cref="Record"/>
    protected abstract DeviceProgram RecordCore(IReadOnlyList<BoundOperation> operations);

    /// <summary>Frees the device. Buffers and programs of it must not be used afterwards.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        DisposeCore();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose"/>
    protected abstract void DisposeCore();
}

/// <summary>Device memory for a fixed number of elements.</summary>
public abstract class DeviceBuffer : IDisposable
{
    /// <summary>Called by devices.</summary>
    protected DeviceBuffer(ComputeDevice device, int length, ElementType type)
    {
        Device = device;
        Length = length;
        Type = type;
    }

    /// <summary>The device the memory belongs to.</summary>
    public ComputeDevice Device { get; }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>What the elements are.</summary>
    public ElementType Type { get; }

    /// <summary>
    /// Whether only operations of one program ever see the contents, each tensor as the very range that wrote it: a device
    /// may then keep them in an order of its own.
    /// </summary>
    internal bool IsPrivate { get; set; }

    /// <summary>Copies floats in, starting at element <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentException">They do not fit, or the buffer holds integers.</exception>
    public void Write(ReadOnlySpan<float> source, int offset = 0)
    {
        Check("Write", ElementType.Float32, source.Length, offset);
        WriteCore(System.Runtime.InteropServices.MemoryMarshal.AsBytes(source), offset);
    }

    /// <summary>Copies integers in, starting at element <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentException">They do not fit, or the buffer holds floats.</exception>
    public void Write(ReadOnlySpan<int> source, int offset = 0)
    {
        Check("Write", ElementType.Int32, source.Length, offset);
        WriteCore(System.Runtime.InteropServices.MemoryMarshal.AsBytes(source), offset);
    }

    /// <summary>Copies floats out, starting at element <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentException">The buffer has not that many, or holds integers.</exception>
    public void Read(Span<float> target, int offset = 0)
    {
        Check("Read", ElementType.Float32, target.Length, offset);
        ReadCore(System.Runtime.InteropServices.MemoryMarshal.AsBytes(target), offset);
    }

    /// <summary>Copies integers out, starting at element <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentException">The buffer has not that many, or holds floats.</exception>
    public void Read(Span<int> target, int offset = 0)
    {
        Check("Read", ElementType.Int32, target.Length, offset);
        ReadCore(System.Runtime.InteropServices.MemoryMarshal.AsBytes(target), offset);
    }

    /// <summary>Copies bytes in from element <paramref name="offset"/> on; arguments are already checked.</summary>
    protected abstract void WriteCore(ReadOnlySpan<byte> source, int offset);

    /// <summary>Copies bytes out from element <paramref name="offset"/> on; arguments are already checked.</summary>
    protected abstract void ReadCore(Span<byte> target, int offset);

    /// <summary>Frees the memory.</summary>
    public abstract void Dispose();

    private void Check(string operation, ElementType type, int count, int offset)
    {
        if (type != Type) throw new ArgumentException($"{operation}: the buffer holds {Type}, not {type}.");
        if (offset < 0 || offset > Length - count)
            throw new ArgumentException($"{operation}: elements {offset}..{offset + (long)count} do not fit a buffer of {Length}.");
    }
}

/// <summary>A range of a buffer, bound to one operand.</summary>
public readonly record struct BufferRange(DeviceBuffer Buffer, int Offset, int Length)
{
    /// <summary>The whole buffer.</summary>
    public static implicit operator BufferRange(DeviceBuffer buffer) => new(buffer, 0, buffer.Length);
}

/// <summary>An operation and the memory of its operands, in their order.</summary>
public sealed record BoundOperation(Operation Operation, IReadOnlyList<BufferRange> Operands)
{
    internal void Validate(ComputeDevice device)
    {
        IReadOnlyList<Operand> expected = Operation.Operands;
        if (Operands.Count != expected.Count)
            throw new ArgumentException($"{Operation.Name}: {Operands.Count} operands bound; expected {expected.Count}.");
        for (int i = 0; i < expected.Count; i++)
        {
            (DeviceBuffer buffer, int offset, int length) = Operands[i];
            if (!ReferenceEquals(buffer.Device, device))
                throw new ArgumentException($"{Operation.Name}: operand '{expected[i].Name}' lies on {buffer.Device.Name}, not on {device.Name}.");
            if (buffer.Type != expected[i].Type)
                throw new ArgumentException($"{Operation.Name}: operand '{expected[i].Name}' is {buffer.Type}; expected {expected[i].Type}.");
            if (length != expected[i].Length)
                throw new ArgumentException($"{Operation.Name}: operand '{expected[i].Name}' has {length} elements; expected {expected[i].Length}.");
            if (offset < 0 || offset > buffer.Length - length)
                throw new ArgumentException($"{Operation.Name}: operand '{expected[i].Name}' is {offset}..{offset + (long)length} of a buffer of {buffer.Length}.");
        }
    }
}

/// <summary>
/// Operations bound to memory, replayed from a cursor. It can stop between any two steps; long operations are split into
/// several when the program is recorded, so that no step takes more than about half a millisecond. Where it stopped and
/// how many threads there are never changes a bit of the result. Replaying allocates nothing on the managed heap.
/// </summary>
public abstract class DeviceProgram : IDisposable
{
    /// <summary>Number of steps.</summary>
    public abstract int StepCount { get; }

    /// <summary>The next step to run; <see cref="StepCount"/> when the program is finished.</summary>
    public abstract int NextStep { get; }

    /// <summary>Goes back to the first step.</summary>
    public abstract void Restart();

    /// <summary>
    /// Runs on from where it stopped, until the end or until starting another step would be expected to end after
    /// <paramref name="deadline"/> (a <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> value).
    /// Runs at least one step if <paramref name="atLeastOne"/>, unless an earlier one is still under way. A GPU's steps are
    /// only started here and looked after in later calls: the caller's thread never waits for them.
    /// </summary>
    /// <returns>True when the program is finished.</returns>
    public abstract bool Advance(long deadline, bool atLeastOne = false);

    /// <summary>
    /// Waits for the steps that <see cref="Advance"/> has started, for callers with nothing else to do between two calls.
    /// Returns at once where <see cref="Advance"/> computes them itself.
    /// </summary>
    public virtual void Wait() { }

    /// <summary>Runs the whole program from its first step and waits for it.</summary>
    public void Run()
    {
        Restart();
        while (!Advance(long.MaxValue, atLeastOne: true)) Wait();
    }

    /// <summary>Frees what the program holds; the buffers it was bound to stay.</summary>
    public abstract void Dispose();
}
