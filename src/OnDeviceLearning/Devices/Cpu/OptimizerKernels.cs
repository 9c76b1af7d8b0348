using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

// One pass over parameters, gradients and state. The last vector of a block reads what lies behind and drops it, so that
// an element's arithmetic does not depend on where it lies.

internal sealed unsafe class SgdStepKernel(SgdStep op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count)
    {
        float* w = memory[0] + start, gradient = memory[1] + start, velocity = memory[2] + start;
        if (Vector512.IsHardwareAccelerated) Step<Simd512, Vector512<float>>(w, gradient, velocity, memory[3], op.Nesterov, count);
        else if (Vector256.IsHardwareAccelerated) Step<Simd256, Vector256<float>>(w, gradient, velocity, memory[3], op.Nesterov, count);
        else Step<Simd128, Vector128<float>>(w, gradient, velocity, memory[3], op.Nesterov, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step<TSimd, TVector>(float* w, float* gradient, float* velocity, float* hyper, bool nesterov, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector minusRate = TSimd.Broadcast(-hyper[0]), momentum = TSimd.Broadcast(hyper[1]), decay = TSimd.Broadcast(hyper[2]);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TVector weight = TSimd.Load(w + i), g = TSimd.MultiplyAdd(decay, weight, TSimd.Load(gradient + i));
            TVector v = TSimd.MultiplyAdd(momentum, TSimd.Load(velocity + i), g);
            weight = TSimd.MultiplyAdd(minusRate, nesterov ? TSimd.MultiplyAdd(momentum, v, g) : v, weight);
            if (count - i >= TSimd.Width)
            {
                TSimd.Store(velocity + i, v);
                TSimd.Store(w + i, weight);
            }
            else
            {
                TSimd.StorePart(velocity + i, v, count - i);
                TSimd.StorePart(w + i, weight, count - i);
            }
        }
    }
}

internal sealed unsafe class AdamWStepKernel(AdamWStep op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count)
    {
        float* w = memory[0] + start, gradient = memory[1] + start, first = memory[2] + start, second = memory[3] + start;
        if (Vector512.IsHardwareAccelerated) Step<Simd512, Vector512<float>>(w, gradient, first, second, memory[4], count);
        else if (Vector256.IsHardwareAccelerated) Step<Simd256, Vector256<float>>(w, gradient, first, second, memory[4], count);
        else Step<Simd128, Vector128<float>>(w, gradient, first, second, memory[4], count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step<TSimd, TVector>(float* w, float* gradient, float* first, float* second, float* hyper, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector keep = TSimd.Broadcast(1 - hyper[0] * hyper[4]), step = TSimd.Broadcast(hyper[0] / hyper[5]);
        TVector beta1 = TSimd.Broadcast(hyper[1]), rest1 = TSimd.Broadcast(1 - hyper[1]), beta2 = TSimd.Broadcast(hyper[2]), rest2 = TSimd.Broadcast(1 - hyper[2]);
        TVector correction = TSimd.Broadcast(1 / MathF.Sqrt(hyper[6])), epsilon = TSimd.Broadcast(hyper[3]);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            // All loads come first: on some processors one that follows a store at the same offset of another page waits for it.
            TVector g = TSimd.Load(gradient + i), weight = TSimd.Load(w + i), m = TSimd.Load(first + i), v = TSimd.Load(second + i);
            m = TSimd.MultiplyAdd(beta1, m, TSimd.Multiply(rest1, g));
            v = TSimd.MultiplyAdd(TSimd.Multiply(rest2, g), g, TSimd.Multiply(beta2, v));
            TVector change = TSimd.Divide(TSimd.Multiply(step, m), TSimd.MultiplyAdd(correction, TSimd.SquareRoot(v), epsilon));
            weight = TSimd.Subtract(TSimd.Multiply(keep, weight), change);
            if (count - i >= TSimd.Width)
            {
                TSimd.Store(first + i, m);
                TSimd.Store(second + i, v);
                TSimd.Store(w + i, weight);
            }
            else
            {
                TSimd.StorePart(first + i, m, count - i);
                TSimd.StorePart(second + i, v, count - i);
                TSimd.StorePart(w + i, weight, count - i);
            }
        }
    }
}
