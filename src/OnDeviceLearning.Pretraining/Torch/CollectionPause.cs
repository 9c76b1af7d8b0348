using System.Runtime;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Keeps the garbage collector away while torch works. TorchSharp wraps every number handed to an operation (<c>0.1 * x</c>,
/// even the hidden 1 of <c>a + b</c>) in an object with a finalizer, and nothing refers to that object any more while the
/// native call reads it: a collection that another thread's allocations start at that moment frees the number under the
/// call. Seen as "Exception raised from toFloat" once in about a thousand steps while drawings were made beside it.
/// </summary>
internal readonly struct CollectionPause : IDisposable
{
    // Several times what a step and the batches made beside it allocate; beyond it the runtime collects after all.
    private const long Allowance = 200L << 20;

    /// <summary>Collects what there is, then pauses collection until disposed. Not to be nested.</summary>
    public static CollectionPause Begin()
    {
        if (GCSettings.LatencyMode != GCLatencyMode.NoGCRegion) GC.TryStartNoGCRegion(Allowance);
        return default;
    }

    public void Dispose()
    {
        // Gone already where the allowance was used up.
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
    }
}
