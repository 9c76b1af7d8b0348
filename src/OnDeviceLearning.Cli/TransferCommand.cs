using System.CommandLine;
using OnDeviceLearning.Evaluation.Transfer;
using OnDeviceLearning.Pretraining.Vision;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl transfer</c>: fine-tunes a network on the device, and says what the target gains and what the source loses.</summary>
internal static class TransferCommand
{
    private static readonly (string Name, EncoderTuning Tuning)[] kinds =
    [
        ("head", EncoderTuning.None), ("last-block", EncoderTuning.LastBlock), ("norm", EncoderTuning.NormOnly), ("lora", EncoderTuning.Lora), ("all", EncoderTuning.All),
    ];

    private static readonly (string Name, TransferAugmentation Augmentation)[] augmentations =
    [
        ("none", TransferAugmentation.None), ("crops", TransferAugmentation.Crops), ("mirrored-crops", TransferAugmentation.MirroredCrops),
    ];

    public static Command Create(TextWriter output, TextWriter error)
    {
        var from = new Option<string>("--from") { Description = "The source network, as 'odl pretrain' writes it. Default: a small convnet, trained on the source's images first.", HelpName = "FILE" };
        var data = new Option<string>("--data") { Description = "The data folder. Default: the one that ODL_DATA names.", HelpName = "DIR" };
        var dataset = new Option<string>("--dataset") { Description = $"Where to: {string.Join(", ", TransferTask.Names)}.", Required = true };
        var train = new Option<string>("--train") { Description = $"What moves besides the new head: {string.Join(", ", kinds.Select(k => k.Name))}.", DefaultValueFactory = _ => "all" };
        var pull = new Option<float>("--pull") { Description = "Strength lambda of the pull back to the source's weights (L2-SP).", DefaultValueFactory = _ => 1e-3f };
        var replay = new Option<int>("--replay") { Description = "Source images kept and learned along; 0 for none.", DefaultValueFactory = _ => 1000 };
        var steps = new Option<int>("--steps") { Description = $"Updates of each run, of {TransferTrainingOptions.Batch} target images each.", DefaultValueFactory = _ => 400 };
        var sourceSteps = new Option<int>("--source-steps") { Description = "Updates with which the source is trained where --from brings no network or no head.", DefaultValueFactory = _ => 600 };
        var rate = new Option<float?>("--rate") { Description = "The largest learning rate. Default: by what moves." };
        var augment = new Option<string>("--augment")
        {
            Description = "How images are varied in fine-tuning: none, crops (with a blank margin of an eighth of the side), mirrored-crops (mirrored half of the time, too).",
            DefaultValueFactory = _ => augmentations[0].Name,
        };
        Option<float[]> dial = NumbersOption.Create<float>("--dial", "Also measure weights between the source's (0) and the tuned (1), as 0,0.25,0.5,0.75,1.", 0, 1);
        var file = new Option<string>("--out") { Description = "Write the network of the run that keeps the source as a backbone.", HelpName = "FILE" };
        var test = new Option<int>("--test") { Description = "The most test images of each side.", DefaultValueFactory = _ => 2000 };
        var seed = new Option<int>("--seed") { Description = "Seed of everything drawn at random.", DefaultValueFactory = _ => 1 };
        Option<int> perFile = PretrainImageCommands.CifarImagesPerFile();
        Option<string?> device = ToolDevice.CreateOption();
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a table." };
        dataset.AcceptOnlyFromAmong([.. TransferTask.Names]);
        train.AcceptOnlyFromAmong([.. kinds.Select(k => k.Name)]);
        augment.AcceptOnlyFromAmong([.. augmentations.Select(a => a.Name)]);
        pull.Between(0, 1000);
        replay.Between(0, 1_000_000);
        steps.Between(2, 1_000_000);
        sourceSteps.Between(2, 1_000_000);
        rate.Between(1e-7, 10);
        test.Between(10, 1_000_000);
        var command = new Command("transfer", "Fine-tune a network on this device for other classes, and measure what it forgets.")
        {
            from, data, dataset, train, pull, replay, steps, sourceSteps, rate, augment, dial, file, test, seed, perFile, device, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string kind = parsed.GetValue(train)!;
            if (parsed.GetValue(from) is { } source && !File.Exists(source)) throw new FileNotFoundException($"there is no file '{source}'; 'odl pretrain' writes one.");
            if (parsed.GetValue(file) is { } path) RecipeCommand.CheckOut(path);
            using ToolDevice tool = ToolDevice.Open(parsed.GetValue(device));
            TransferTask task = TransferTask.Read(parsed.GetValue(dataset)!, parsed.GetValue(data), parsed.GetValue(seed), parsed.GetValue(test), parsed.GetValue(perFile));
            if (parsed.GetValue(file) is not null) ImageCalibration.Check(task.Target.Training);
            var options = new TransferOptions(kinds.First(k => k.Name == kind).Tuning, parsed.GetValue(pull), parsed.GetValue(replay),
                parsed.GetValue(steps), parsed.GetValue(sourceSteps), parsed.GetValue(rate), parsed.GetValue(seed))
            {
                Augmentation = augmentations.First(a => a.Name == parsed.GetValue(augment)).Augmentation,
                Dial = parsed.GetValue(dial)!,
                Out = parsed.GetValue(file),
            };
            Action<string>? progress = Terminal.IsInteractive(error) ? name => error.WriteLine($"{name} ...") : null;
            TransferReport report = TransferEvaluation.Run(tool.Device, task, parsed.GetValue(from), options, progress, cancellation);
            if (options.Out is { } written) ImageCalibration.Complete(written, written, task.Target.Training, options.Seed, cancellation);
            if (parsed.GetValue(json)) output.WriteLine(TransferJson.Write(report, task, options, kind, tool.Device.Name));
            else TransferTables.Write(report, task, options, kind, tool.Device.Name, Terminal.Console(output));
            return 0;
        }, CancellationToken.None));
        return command;
    }
}
