using System.Runtime.InteropServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

/// <summary>Runs an operation's scalar reference on managed arrays.</summary>
internal static class ConformanceReference
{
    /// <summary>Computes the operation in place; integers and floats alike are kept as bits.</summary>
    public static void Run(Operation operation, int[][] operands)
    {
        GCHandle[] pins = operands.Select(o => GCHandle.Alloc(o, GCHandleType.Pinned)).ToArray();
        try
        {
            nint[] pointers = pins.Select(p => p.AddrOfPinnedObject()).ToArray();
            operation.Reference(new OperandSpans(pointers, operation.Operands));
        }
        finally
        {
            foreach (GCHandle pin in pins) pin.Free();
        }
    }
}
