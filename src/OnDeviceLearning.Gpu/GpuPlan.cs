using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// Operations as bound dispatches: lowered, their scratch memory shared by lifetime, barriers where one dispatch touches
/// what another wrote (and nowhere else), and cut into segments short enough for a frame.
/// </summary>
internal sealed class GpuPlan
{
    private sealed record Lowered(BoundOperation Bound, LoweredOperation Operation, PlannedTensor?[] Scratch);

    private GpuPlan(IReadOnlyList<GpuDispatch> dispatches, IReadOnlyList<GpuSegment> segments, IReadOnlyList<GpuBuffer> scratch)
    {
        Dispatches = dispatches;
        Segments = segments;
        Scratch = scratch;
    }

    public IReadOnlyList<GpuDispatch> Dispatches { get; }

    public IReadOnlyList<GpuSegment> Segments { get; }

    /// <summary>Memory that belongs to the program.</summary>
    public IReadOnlyList<GpuBuffer> Scratch { get; }

    public static GpuPlan Of(GpuDevice device, IReadOnlyList<BoundOperation> operations)
    {
        var lowered = new List<Lowered>(operations.Count);
        int dispatchCount = 0;
        foreach (BoundOperation bound in operations)
        {
            LoweredOperation operation = device.Lower(bound.Operation);
            var scratch = new PlannedTensor?[operation.ScratchLengths.Count];
            foreach (KernelDispatch dispatch in operation.Dispatches)
            {
                NoteScratch(device, bound, operation, dispatch, scratch, dispatchCount);
                dispatchCount++;
            }
            lowered.Add(new Lowered(bound, operation, scratch));
        }

        var buffers = new List<GpuBuffer>();
        try
        {
            GpuBuffer? floats = Place(device, lowered, ElementType.Float32, buffers), integers = Place(device, lowered, ElementType.Int32, buffers);
            var dispatches = new List<GpuDispatch>(dispatchCount);
            var segments = new List<GpuSegment>();
            var hazards = new HazardTracker();
            int from = 0;
            double seconds = 0;
            foreach (Lowered operation in lowered)
            {
                foreach (KernelDispatch dispatch in operation.Operation.Dispatches)
                {
                    GpuArgument[] arguments = Bind(device, operation, dispatch, floats, integers);
                    double guess = device.Costs.Guess(dispatch.Flops, dispatch.Bytes, (double)dispatch.ThreadsX * dispatch.ThreadsY * dispatch.ThreadsZ / DispatchList.GroupThreads);
                    if (seconds > 0 && (seconds + guess) * device.Costs.Pace > GpuCostModel.SegmentSeconds)
                    {
                        segments.Add(new GpuSegment(from, dispatches.Count, seconds));
                        (from, seconds) = (dispatches.Count, 0);
                        hazards.Clear(); // every segment starts with a barrier of its own
                    }
                    dispatches.Add(Create(device, operation, dispatch, arguments, NeedsBarrier(hazards, arguments)));
                    seconds += guess;
                }
            }
            if (dispatches.Count > from) segments.Add(new GpuSegment(from, dispatches.Count, seconds));
            return new GpuPlan(dispatches, segments, buffers);
        }
        catch
        {
            foreach (GpuBuffer buffer in buffers) buffer.Dispose();
            throw;
        }
    }

    /// <summary>A scratch buffer has the type of the bindings it is bound to, and lives from its first to its last dispatch.</summary>
    private static void NoteScratch(GpuDevice device, BoundOperation bound, LoweredOperation operation, KernelDispatch dispatch, PlannedTensor?[] scratch, int index)
    {
        GpuKernel kernel = device.Kernel(dispatch.Kernel);
        for (int b = 0; b < dispatch.Arguments.Length; b++)
        {
            int s = dispatch.Arguments[b] - bound.Operands.Count;
            if (s < 0) continue;
            PlannedTensor tensor = scratch[s] ??= new PlannedTensor(operation.ScratchLengths[s], kernel.Bindings[b].Type) { First = index };
            if (tensor.Type != kernel.Bindings[b].Type)
                throw Broken(bound, dispatch, $"binds scratch {s} as {kernel.Bindings[b].Type}; it is {tensor.Type} elsewhere");
            tensor.Last = index;
        }
    }

    private static GpuBuffer? Place(GpuDevice device, List<Lowered> lowered, ElementType type, List<GpuBuffer> buffers)
    {
        var tensors = new List<PlannedTensor>();
        foreach (Lowered operation in lowered)
            foreach (PlannedTensor? tensor in operation.Scratch)
                if (tensor?.Type == type) tensors.Add(tensor);
        if (tensors.Count == 0) return null;
        GpuBuffer buffer = device.AllocateScratch(ArenaPlanner.Place(tensors), type);
        buffers.Add(buffer);
        return buffer;
    }

    private static GpuArgument[] Bind(GpuDevice device, Lowered lowered, KernelDispatch dispatch, GpuBuffer? floats, GpuBuffer? integers)
    {
        (BoundOperation bound, _, PlannedTensor?[] scratch) = lowered;
        GpuKernel kernel = device.Kernel(dispatch.Kernel);
        if (dispatch.Arguments.Length != kernel.Bindings.Count)
            throw Broken(bound, dispatch, $"has {dispatch.Arguments.Length} arguments; the kernel has {kernel.Bindings.Count} bindings");
        if (dispatch.Constants.Length != kernel.Constants.Count)
            throw Broken(bound, dispatch, $"has {dispatch.Constants.Length} constants; the kernel has {kernel.Constants.Count}");
        IReadOnlyList<Operand> declared = bound.Operation.Operands;
        var arguments = new GpuArgument[kernel.Bindings.Count];
        for (int b = 0; b < arguments.Length; b++)
        {
            (string name, ElementType type, OperandAccess access) = kernel.Bindings[b];
            int argument = dispatch.Arguments[b];
            if (argument >= declared.Count)
            {
                PlannedTensor tensor = scratch[argument - declared.Count]!;
                GpuBuffer arena = (type == ElementType.Float32 ? floats : integers)!;
                arguments[b] = new GpuArgument(arena.Block, arena.Offset + tensor.Offset, tensor.Length, access);
                continue;
            }
            BufferRange range = bound.Operands[argument];
            var buffer = (GpuBuffer)range.Buffer;
            if (buffer.Type != type) throw Broken(bound, dispatch, $"binds '{declared[argument].Name}', which is {buffer.Type}, to '{name}', which is {type}");
            if (access != OperandAccess.Read && declared[argument].Access == OperandAccess.Read)
                throw Broken(bound, dispatch, $"writes '{declared[argument].Name}', which the operation only reads");
            arguments[b] = new GpuArgument(buffer.Block, buffer.Offset + range.Offset, range.Length, access);
        }
        return arguments;
    }

    private static GpuDispatch Create(GpuDevice device, Lowered lowered, KernelDispatch dispatch, GpuArgument[] arguments, bool barrier)
    {
        var constants = new GpuConstant[dispatch.Constants.Length];
        for (int i = 0; i < constants.Length; i++)
        {
            KernelConstant constant = dispatch.Constants[i];
            int binding = constant.Argument < 0 ? -1 : Array.IndexOf(dispatch.Arguments, constant.Argument);
            if (constant.Argument >= 0 && binding < 0) throw Broken(lowered.Bound, dispatch, $"asks for the offset of argument {constant.Argument}, which it does not bind");
            constants[i] = new GpuConstant(constant.Bits, binding);
        }
        GpuKernel kernel = device.Kernel(dispatch.Kernel);
        var bound = new GpuDispatch(kernel, (dispatch.ThreadsX, dispatch.ThreadsY, dispatch.ThreadsZ), arguments, constants, barrier, dispatch.Flops, dispatch.Bytes);
        GpuLimits limits = device.Limits;
        if (dispatch.ThreadsX < 1 || dispatch.ThreadsY < 1 || dispatch.ThreadsZ < 1)
            throw Broken(lowered.Bound, dispatch, $"asks for {dispatch.ThreadsX} x {dispatch.ThreadsY} x {dispatch.ThreadsZ} threads");
        if (bound.GroupsX > limits.MaxGroupsX || bound.GroupsY > limits.MaxGroupsY || bound.GroupsZ > limits.MaxGroupsZ)
            throw new DeviceException($"{lowered.Bound.Operation}: too large for this device: it asks for {bound.GroupsX} x {bound.GroupsY} x {bound.GroupsZ} groups, and the device allows {limits.MaxGroupsX} x {limits.MaxGroupsY} x {limits.MaxGroupsZ}. Use a smaller batch, or the CPU device.");
        return bound;
    }

    private static bool NeedsBarrier(HazardTracker hazards, GpuArgument[] arguments)
    {
        bool conflict = false;
        foreach (GpuArgument a in arguments) conflict |= hazards.Conflicts(a.Block, a.Offset, a.Length, a.Access != OperandAccess.Read);
        if (conflict) hazards.Clear();
        foreach (GpuArgument a in arguments) hazards.Add(a.Block, a.Offset, a.Length, a.Access != OperandAccess.Read);
        return conflict;
    }

    /// <summary>A lowering that does not fit its operation or kernels: a mistake in this library.</summary>
    private static InvalidOperationException Broken(BoundOperation bound, KernelDispatch dispatch, string what) =>
        new($"{bound.Operation}: its dispatch of '{dispatch.Kernel}' {what}.");
}
