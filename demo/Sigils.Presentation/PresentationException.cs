using Silk.NET.Vulkan;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>Nothing can be shown: there is no Vulkan, no device that presents, or the driver refused.</summary>
public sealed class PresentationException(string message) : Exception(message)
{
    internal static void Check(Result result, string operation)
    {
        if (result != Result.Success) throw new PresentationException($"{operation} failed: {result}.");
    }
}
