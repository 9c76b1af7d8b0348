return OnDeviceLearning.Benchmarks.BenchmarksCommand.Run(args, Console.Out, Console.Error);
