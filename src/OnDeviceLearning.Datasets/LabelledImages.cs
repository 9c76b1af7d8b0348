namespace OnDeviceLearning.Datasets;

/// <summary>
/// Images of one size with the class of each, in memory: bytes where the file has bytes, floats where they were computed.
/// Grey images have 0 for what is not there and 1 for ink, brightness or cloth; RGB images have three planes.
/// </summary>
public sealed class LabelledImages
{
    private readonly byte[]? bytes; // [N, C, H, W], 255 stands for 1
    private readonly float[]? floats; // [N, C, H, W]

    /// <summary>Refers to bytes, of which 255 stands for 1.</summary>
    /// <param name="name">What it is, for messages and tables.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="pixels">[labels, channels, height, width].</param>
    /// <param name="labels">The class of each image, an index of <paramref name="classNames"/>.</param>
    /// <param name="classNames">The classes' names.</param>
    /// <exception cref="ArgumentException">The number of pixels or a label does not fit; the message says which.</exception>
    public LabelledImages(string name, int channels, int height, int width, byte[] pixels, int[] labels, IReadOnlyList<string> classNames)
        : this(name, channels, height, width, pixels?.Length ?? 0, labels, classNames)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        bytes = pixels;
    }

    /// <summary>Refers to floats from 0 to 1.</summary>
    /// <inheritdoc cref="LabelledImages(string, int, int, int, byte[], int[], IReadOnlyList{string})"/>
    public LabelledImages(string name, int channels, int height, int width, float[] pixels, int[] labels, IReadOnlyList<string> classNames)
        : this(name, channels, height, width, pixels?.Length ?? 0, labels, classNames)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        floats = pixels;
    }

    private LabelledImages(string name, int channels, int height, int width, int pixels, int[] labels, IReadOnlyList<string> classNames)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (channels is not (1 or 3)) throw new ArgumentException($"LabelledImages: {channels} channels; expected 1 or 3.", nameof(channels));
        if (height is < 1 or > GrayImage.MaxSide || width is < 1 or > GrayImage.MaxSide)
            throw new ArgumentException($"LabelledImages: images are {width}x{height}; expected sides of 1 to {GrayImage.MaxSide}.", nameof(width));
        long expected = (long)labels.Length * channels * height * width;
        if (pixels != expected)
            throw new ArgumentException($"LabelledImages: {pixels} pixels; expected {expected} for {labels.Length} images of {channels}x{height}x{width}.", nameof(pixels));
        for (int i = 0; i < labels.Length; i++)
            if (labels[i] < 0 || labels[i] >= classNames.Count)
                throw new ArgumentException($"LabelledImages: label {i} is {labels[i]}; expected one of the {classNames.Count} classes.", nameof(labels));
        (Name, Channels, Height, Width, Labels, ClassNames) = (name, channels, height, width, labels, classNames);
    }

    /// <summary>What it is.</summary>
    public string Name { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>The class of each image.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>The classes' names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Sentences that describe a class, by its name; empty where the data has none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Descriptions { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Number of images.</summary>
    public int Count => Labels.Count;

    /// <summary>Number of values of an image: channels * height * width.</summary>
    public int Size => Channels * Height * Width;

    /// <summary>Writes an image as floats from 0 to 1.</summary>
    /// <param name="image">0 to <see cref="Count"/> - 1.</param>
    /// <param name="target">Overwritten: [<see cref="Channels"/>, <see cref="Height"/>, <see cref="Width"/>].</param>
    /// <exception cref="ArgumentException">There is no such image, or the target has another length.</exception>
    public void CopyTo(int image, Span<float> target)
    {
        if (image < 0 || image >= Count) throw new ArgumentOutOfRangeException(nameof(image), $"CopyTo: image {image}; expected 0 to {Count - 1}.");
        if (target.Length != Size) throw new ArgumentException($"CopyTo: target has {target.Length} values; expected {Size}.", nameof(target));
        if (floats is not null)
        {
            floats.AsSpan(image * Size, Size).CopyTo(target);
            return;
        }
        ReadOnlySpan<byte> source = bytes.AsSpan(image * Size, Size);
        for (int i = 0; i < source.Length; i++) target[i] = source[i] / 255f;
    }

    /// <summary>An image of its own, for the classifier; colours become their mean.</summary>
    public GrayImage Gray(int image)
    {
        var values = new float[Size];
        CopyTo(image, values);
        int plane = Height * Width;
        if (Channels == 3)
            for (int i = 0; i < plane; i++) values[i] = Math.Min(1, (values[i] + values[plane + i] + values[2 * plane + i]) / 3);
        return new GrayImage(Width, Height, values.AsMemory(0, plane));
    }

    /// <summary>The images of some classes, which are numbered anew in the given order.</summary>
    /// <exception cref="ArgumentException">A class is not there or comes twice.</exception>
    public LabelledImages OfClasses(IReadOnlyList<int> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var renumbered = new Dictionary<int, int>();
        foreach (int c in classes)
            if (c < 0 || c >= ClassNames.Count || !renumbered.TryAdd(c, renumbered.Count))
                throw new ArgumentException($"OfClasses: class {c} is not there or comes twice; expected some of 0 to {ClassNames.Count - 1}.", nameof(classes));
        int[] kept = [.. Enumerable.Range(0, Count).Where(i => renumbered.ContainsKey(Labels[i]))];
        return Take(kept, [.. kept.Select(i => renumbered[Labels[i]])], [.. classes.Select(c => ClassNames[c])]);
    }

    /// <summary>Some of the images, in the given order; the classes stay.</summary>
    /// <exception cref="ArgumentException">There is no such image.</exception>
    public LabelledImages Subset(IReadOnlyList<int> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        foreach (int i in images)
            if (i < 0 || i >= Count) throw new ArgumentException($"Subset: image {i}; expected 0 to {Count - 1}.", nameof(images));
        return Take(images, [.. images.Select(i => Labels[i])], ClassNames);
    }

    private LabelledImages Take(IReadOnlyList<int> images, int[] labels, IReadOnlyList<string> classNames)
    {
        Dictionary<string, IReadOnlyList<string>> descriptions = Descriptions.Where(d => classNames.Contains(d.Key)).ToDictionary();
        return bytes is not null
            ? new LabelledImages(Name, Channels, Height, Width, Gather(bytes), labels, classNames) { Descriptions = descriptions }
            : new LabelledImages(Name, Channels, Height, Width, Gather(floats!), labels, classNames) { Descriptions = descriptions };

        T[] Gather<T>(T[] source)
        {
            var taken = new T[images.Count * Size];
            for (int i = 0; i < images.Count; i++) source.AsSpan(images[i] * Size, Size).CopyTo(taken.AsSpan(i * Size));
            return taken;
        }
    }
}
