using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Adam with decoupled weight decay, one weight a thread; hyper is (rate, beta1, beta2, epsilon, decay, 1 - beta1^t,
/// 1 - beta2^t).
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AdamWStep(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> gradient, ReadWriteBuffer<float> m, ReadWriteBuffer<float> v, ReadWriteBuffer<float> hyper,
    int wOffset, int gradientOffset, int mOffset, int vOffset, int hyperOffset, int first) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        float rate = hyper[hyperOffset], beta1 = hyper[hyperOffset + 1], beta2 = hyper[hyperOffset + 2], epsilon = hyper[hyperOffset + 3];
        float decay = hyper[hyperOffset + 4], correction1 = hyper[hyperOffset + 5], correction2 = hyper[hyperOffset + 6];
        float g = gradient[gradientOffset + i];
        float firstMoment = beta1 * m[mOffset + i] + (1 - beta1) * g;
        float secondMoment = beta2 * v[vOffset + i] + (1 - beta2) * g * g;
        m[mOffset + i] = firstMoment;
        v[vOffset + i] = secondMoment;
        w[wOffset + i] = w[wOffset + i] * (1 - rate * decay) - rate / correction1 * firstMoment / (Hlsl.Sqrt(secondMoment / correction2) + epsilon);
    }
}
