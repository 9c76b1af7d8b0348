using System.CommandLine;

namespace OnDeviceLearning.Cli;

/// <summary>The commands about devices: those of the full tool that need no training library.</summary>
internal static class DeviceCommands
{
    public static void AddTo(RootCommand root, TextWriter output)
    {
        root.Add(DevicesCommand.Create(output));
        root.Add(CheckCommand.Create(output));
        root.Add(BenchCommand.Create(output));
    }
}
