using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>The built-in device: SIMD kernels on the caller's thread and a few helpers.</summary>
internal sealed class CpuDevice : ComputeDevice
{
    public CpuDevice(CpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Pool = new CpuThreadPool(options);
        Name = $"{ProcessorName()}, {SimdWidth}-bit SIMD, {Threads} {(Threads == 1 ? "thread" : "threads")}";
    }

    public override string Name { get; }

    public override DeviceKind Kind => DeviceKind.Cpu;

    public int Threads => Pool.Threads;

    public static int SimdWidth => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    internal CpuThreadPool Pool { get; }

    internal override long CachedElements => 512 << 10; // 2 MiB, a share of most last-level caches

    internal override long NearElements => Threads * (256L << 10); // 1 MiB, a second-level cache, each

    internal override IReadOnlyList<PlannedOperation> Fuse(IReadOnlyList<PlannedOperation> operations) => CpuFusion.Apply(operations);

    protected override DeviceBuffer AllocateCore(int length, ElementType type) => new CpuBuffer(this, length, type);

    protected override DeviceProgram RecordCore(IReadOnlyList<BoundOperation> operations) => new CpuProgram(this, operations);

    protected override void DisposeCore() => Pool.Dispose();

    /// <summary>The brand string of x86 processors; elsewhere the architecture.</summary>
    private static string ProcessorName()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
            return $"{RuntimeInformation.ProcessArchitecture} CPU";
        Span<int> words = stackalloc int[12];
        for (int i = 0; i < 3; i++)
            (words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]) = X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
        string name = Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Trim('\0', ' ');
        return name.Length > 0 ? name : "CPU";
    }
}
