using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>One kernel, as the manifest beside the compiled shaders describes it.</summary>
/// <param name="Name">The kernel's struct, and the stem of its compiled files.</param>
/// <param name="GroupX">Threads of a group along x.</param>
/// <param name="GroupY">Threads of a group along y.</param>
/// <param name="GroupZ">Threads of a group along z.</param>
/// <param name="Bindings">Its buffers, in declaration order: descriptor set 0, binding 0, 1, 2, ...</param>
/// <param name="Constants">Its constants in declaration order, 4 bytes each, after the three thread counts at bytes 0 to 11.</param>
/// <param name="SharedBytes">Group-shared memory.</param>
public sealed record GpuKernel(
    string Name, int GroupX, int GroupY, int GroupZ, IReadOnlyList<GpuKernelBinding> Bindings, IReadOnlyList<string> Constants, int SharedBytes);

/// <summary>One buffer of a kernel and what the kernel does to it; barriers follow from that.</summary>
public readonly record struct GpuKernelBinding(string Name, ElementType Type, OperandAccess Access);
