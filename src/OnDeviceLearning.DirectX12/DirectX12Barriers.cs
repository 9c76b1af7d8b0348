using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>
/// Which blocks a barrier before a dispatch must name. A plan's barriers hold for all memory; ComputeSharp's hold for one
/// buffer. So a barrier names every block touched since the one before it, except those that no dispatch of the plan writes.
/// </summary>
internal static class DirectX12Barriers
{
    /// <summary>
    /// For each dispatch, the blocks to name before it. A segment's first dispatch waits for everything before it: its list
    /// is all blocks that are written, for where another segment stands in front of it in the same batch.
    /// </summary>
    public static GpuBlock[][] Of(GpuPlan plan)
    {
        var written = new HashSet<GpuBlock>();
        foreach (GpuDispatch dispatch in plan.Dispatches)
            foreach (GpuArgument argument in dispatch.Arguments)
                if (argument.Access != OperandAccess.Read) written.Add(argument.Block);

        var before = new GpuBlock[plan.Dispatches.Count][];
        var touched = new HashSet<GpuBlock>();
        foreach (GpuSegment segment in plan.Segments)
        {
            touched.Clear();
            for (int d = segment.From; d < segment.To; d++)
            {
                GpuDispatch dispatch = plan.Dispatches[d];
                before[d] = d == segment.From ? [.. written] : dispatch.BarrierBefore ? [.. touched] : [];
                if (dispatch.BarrierBefore) touched.Clear();
                foreach (GpuArgument argument in dispatch.Arguments)
                    if (written.Contains(argument.Block)) touched.Add(argument.Block);
            }
        }
        return before;
    }
}
