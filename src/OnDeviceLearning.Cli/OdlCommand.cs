using System.CommandLine;

namespace OnDeviceLearning.Cli;

/// <summary>The <c>odl</c> tool: the commands about devices, and those that train, measure and look into backbones.</summary>
internal static class OdlCommand
{
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Learning on the player's own device: train, look into, measure and run backbones.")
        {
            InspectCommand.Create(output),
            new Command("eval", "Measure a backbone.")
            {
                EvalSigilsCommand.Create(output, error),
                EvalFewShotCommand.Create(output, error),
                EvalOmniglotCommand.Create(output, error),
                EvalIntentsCommand.Create(output, error),
            },
            new Command("pretrain", "Train a backbone.")
            {
                PretrainSigilsCommand.Create(output, error),
                PretrainImageCommands.Omniglot(output, error),
                PretrainImageCommands.Cifar10(output, error),
                PretrainImageCommands.Fashion(output, error),
                PretrainImageCommands.QuickDraw(output, error),
                PretrainTextsCommand.Create(output, error),
            },
            TransferCommand.Create(output, error),
        };
        DeviceCommands.AddTo(root, output);
        return CommandLine.Run(root, "odl", args, output, error);
    }
}
