using OnDeviceLearning.Models;
using TorchSharp;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>Tensors of torch to those of a file and back.</summary>
internal static class TorchTensors
{
    /// <summary>A copy for a file.</summary>
    public static SafetensorsTensor ToFile(string name, torch.Tensor tensor, SafetensorsType type)
    {
        using torch.Tensor flat = tensor.detach().to(torch.ScalarType.Float32).contiguous();
        return SafetensorsTensor.FromSingle(name, flat.shape.Select(d => (int)d).ToArray(), flat.data<float>().ToArray(), type);
    }

    /// <summary>Overwrites a parameter with a file's tensor.</summary>
    /// <exception cref="ModelFormatException">The file has no such tensor, or one of another length.</exception>
    public static void Read(SafetensorsFile file, string path, string name, torch.Tensor parameter)
    {
        if (!file.Tensors.TryGetValue(name, out SafetensorsTensor? tensor) || tensor.Length != parameter.numel())
            throw new ModelFormatException($"{path}: tensor '{name}' is missing or has another shape; it is the state of another model.");
        var values = new float[tensor.Length];
        tensor.CopyTo(values);
        using torch.Tensor loaded = torch.tensor(values).view(parameter.shape);
        using IDisposable untracked = torch.no_grad();
        parameter.copy_(loaded);
    }

    /// <summary>bfloat16 where the processor has products of it (about twice as fast; weights, sums and statistics stay float32).</summary>
    public static torch.ScalarType FastPrecision { get; } =
        OperatingSystem.IsLinux() && File.Exists("/proc/cpuinfo") && File.ReadAllText("/proc/cpuinfo").Contains("avx512_bf16", StringComparison.Ordinal)
            ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
}
