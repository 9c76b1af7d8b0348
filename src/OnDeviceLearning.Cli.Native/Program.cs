using System.CommandLine;
using OnDeviceLearning.Cli;

var root = new RootCommand("Look at the devices of a machine, check that they compute what they should, and time them.");
DeviceCommands.AddTo(root, Console.Out);
return CommandLine.Run(root, "odl-device", args, Console.Out, Console.Error);
