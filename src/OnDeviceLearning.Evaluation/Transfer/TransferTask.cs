using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>One side of a transfer: images to learn from and images to measure on.</summary>
public sealed record TransferData(string Name, LabelledImages Training, LabelledImages Test)
{
    /// <summary>Number of classes.</summary>
    public int Classes => Training.ClassNames.Count;
}

/// <summary>Where a transfer comes from and where it goes.</summary>
public sealed record TransferTask(TransferData Source, TransferData Target)
{
    /// <summary>The names that <see cref="Read"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["fashion59", "omniglot", "cifar100", "cifar10"];

    // Characters of the Omniglot task, the images of each that are learned from (of 20), and the test share of files
    // that have no test part.
    private const int Characters = 100, DrawersToLearnFrom = 15, TestShare = 6;

    /// <summary>
    /// Reads a task: <c>fashion59</c> (Fashion-MNIST, classes 0-4 to 5-9), <c>omniglot</c> (Fashion-MNIST to 100
    /// characters, drawers 1-15 to learn from, 16-20 to measure on), <c>cifar100</c> (CIFAR-10 to CIFAR-100),
    /// <c>cifar10</c> (the other way round). Where the data folder has no test part of Fashion-MNIST, the last sixth of
    /// the training part is taken, which is never trained on.
    /// </summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <param name="seed">Draws the test images and the characters.</param>
    /// <param name="testImages">The most test images of a side.</param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged.</exception>
    public static TransferTask Read(string name, string? folder, int seed, int testImages)
    {
        switch (name)
        {
            case "fashion59":
                (LabelledImages training, LabelledImages test) = Fashion(folder);
                return new TransferTask(
                    Side("Fashion-MNIST 0-4", training.OfClasses([0, 1, 2, 3, 4]), test.OfClasses([0, 1, 2, 3, 4]), seed, testImages),
                    Side("Fashion-MNIST 5-9", training.OfClasses([5, 6, 7, 8, 9]), test.OfClasses([5, 6, 7, 8, 9]), seed, testImages));
            case "omniglot":
                (training, test) = Fashion(folder);
                return new TransferTask(Side("Fashion-MNIST", training, test, seed, testImages), OmniglotSide(folder, seed, testImages));
            case "cifar100" or "cifar10":
                TransferData ten = Side("CIFAR-10", Cifar.ReadCifar10(folder), Cifar.ReadCifar10(folder, test: true), seed, testImages);
                TransferData hundred = Side("CIFAR-100", Cifar.ReadCifar100(folder), Cifar.ReadCifar100(folder, test: true), seed, testImages);
                return name == "cifar100" ? new TransferTask(ten, hundred) : new TransferTask(hundred, ten);
            default:
                throw new ArgumentException($"TransferTask: there is no task '{name}'; expected one of {string.Join(", ", Names)}.", nameof(name));
        }
    }

    private static (LabelledImages Training, LabelledImages Test) Fashion(string? folder)
    {
        LabelledImages all = FashionMnist.Read(folder);
        try
        {
            return (all, FashionMnist.Read(folder, test: true));
        }
        catch (FileNotFoundException)
        {
            int training = all.Count - all.Count / TestShare;
            return (all.Subset([.. Enumerable.Range(0, training)]), all.Subset([.. Enumerable.Range(training, all.Count - training)]));
        }
    }

    private static TransferData OmniglotSide(string? folder, int seed, int testImages)
    {
        LabelledImages all = Omniglot.ReadBackground(folder);
        int[] characters = [.. Enumerable.Range(0, all.ClassNames.Count)];
        new Random(seed).Shuffle(characters);
        LabelledImages some = all.OfClasses(characters[..Math.Min(Characters, characters.Length)]);
        // The images of a character are in the order of their drawers.
        var seen = new int[some.ClassNames.Count];
        ILookup<bool, int> split = Enumerable.Range(0, some.Count).ToLookup(i => seen[some.Labels[i]]++ < DrawersToLearnFrom);
        return Side($"Omniglot, {seen.Length} characters", some.Subset([.. split[true]]), some.Subset([.. split[false]]), seed, testImages);
    }

    private static TransferData Side(string name, LabelledImages training, LabelledImages test, int seed, int testImages)
    {
        if (test.Count <= testImages) return new TransferData(name, training, test);
        int[] drawn = [.. Enumerable.Range(0, test.Count)];
        new Random(seed).Shuffle(drawn);
        return new TransferData(name, training, test.Subset(drawn[..testImages]));
    }
}
