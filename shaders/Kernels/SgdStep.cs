using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Stochastic gradient descent with momentum and weight decay, one weight a thread; hyper is (rate, momentum, decay).</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SgdStep(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> gradient, ReadWriteBuffer<float> velocity, ReadWriteBuffer<float> hyper,
    int wOffset, int gradientOffset, int velocityOffset, int hyperOffset, int first, int nesterov) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        float rate = hyper[hyperOffset], momentum = hyper[hyperOffset + 1], decay = hyper[hyperOffset + 2];
        float weight = w[wOffset + i], g = gradient[gradientOffset + i] + decay * weight;
        float v = momentum * velocity[velocityOffset + i] + g;
        velocity[velocityOffset + i] = v;
        w[wOffset + i] = weight - rate * (nesterov != 0 ? g + momentum * v : v);
    }
}
