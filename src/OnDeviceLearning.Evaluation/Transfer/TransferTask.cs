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
    /// <param name="imagesPerFile">
    /// Images each file of CIFAR-10, and the test file of CIFAR-100, must have, the training file of that five times as many:
    /// other than the official number only for an excerpt of one's own.
    /// </param>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged.</exception>
    public static TransferTask Read(string name, string? folder, int seed, int testImages, int imagesPerFile = Cifar.ImagesPerFile)
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
                TransferData ten = Side("CIFAR-10", Cifar.ReadCifar10(folder, imagesPerFile: imagesPerFile), Cifar.ReadCifar10(folder, test: true, imagesPerFile), seed, testImages);
                TransferData hundred = Side("CIFAR-100", Cifar.ReadCifar100(folder, images: 5 * imagesPerFile), Cifar.ReadCifar100(folder, test: true, images: imagesPerFile), seed, testImages);
                return name == "cifar100" ? new TransferTask(ten, hundred) : new TransferTask(hundred, ten);
            default:
                throw new ArgumentException($"TransferTask: there is no task '{name}'; expected one of {string.Join(", ", Names)}.", nameof(name));
        }
    }

    /// <summary>Refuses sides from which nothing can be learnt or measured.</summary>
    /// <exception cref="ArgumentException">The message says which side and why.</exception>
    internal void Check()
    {
        foreach (TransferData side in new[] { Source, Target })
        {
            int pictured = side.Training.Labels.Distinct().Count();
            if (pictured < 2) throw new ArgumentException($"{side.Name}: {side.Training.Count} images of {pictured} class to learn from; expected at least 2 classes.");
            if (side.Test.Count == 0) throw new ArgumentException($"{side.Name}: no image to measure on; expected at least 1.");
            if (!side.Test.ClassNames.SequenceEqual(side.Training.ClassNames))
                throw new ArgumentException($"{side.Name}: the classes to measure on are not those to learn from: {Some(side.Test)}; expected {Some(side.Training)}.");
        }
        if (Target.Training.ClassNames.FirstOrDefault(Source.Training.ClassNames.Contains) is { } both)
            throw new ArgumentException($"'{both}' is a class of {Source.Name} and of {Target.Name}; expected other classes on each side.");

        static string Some(LabelledImages images) => string.Join(", ", images.ClassNames.Take(10)) + (images.ClassNames.Count > 10 ? $" and {images.ClassNames.Count - 10} more" : "");
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
