return OnDeviceLearning.Cli.OdlCommand.Run(args, Console.Out, Console.Error);
