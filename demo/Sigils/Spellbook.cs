using System.Numerics.Tensors;

namespace OnDeviceLearning.Demo;

/// <summary>
/// A player's spells: everything the game asks of the library, to copy from. One thread at a time, but for
/// <see cref="Prepare"/>.
/// </summary>
internal sealed class Spellbook : IDisposable
{
    /// <summary>What learning may take of a frame.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(2);

    private readonly string backboneFile;
    private readonly AdaptiveClassifierOptions options;
    private Engine engine;
    private AdaptiveClassifier spells;

    /// <summary>A device with the backbone loaded for it.</summary>
    internal sealed record Engine(ComputeDevice Device, Backbone Backbone) : IDisposable
    {
        public void Dispose()
        {
            Backbone.Dispose();
            Device.Dispose();
        }
    }

    /// <summary>Opens a device and loads the backbone. The seed makes learning repeatable.</summary>
    /// <exception cref="ModelFormatException">The file is no backbone.</exception>
    /// <exception cref="DeviceException">The device cannot be used.</exception>
    public Spellbook(string backboneFile, GameDevice wanted, ulong seed)
    {
        this.backboneFile = backboneFile;
        engine = Prepare(backboneFile, wanted);
        options = new AdaptiveClassifierOptions { Seed = seed };
        spells = new AdaptiveClassifier(engine.Backbone, options);
    }

    /// <summary>What the spells are recognised on: the CPU again where a GPU was lost.</summary>
    public string Device => engine.Backbone.Device.Name;

    /// <summary>Which kind that is.</summary>
    public DeviceKind Kind => engine.Backbone.Device.Kind;

    /// <summary>The spells' names in the order in which they were described.</summary>
    public IReadOnlyList<string> Names => spells.Classes;

    /// <summary>The words a spell was described with; empty if there are none.</summary>
    public string WordsOf(string name) => spells.DescriptionsOf(name).FirstOrDefault("");

    /// <summary>Adds a spell in the player's own words; says how they were understood. Castable at once.</summary>
    public DescriptionReading Describe(string name, string words) => spells.Describe(name, words);

    /// <summary>How words would be understood, without writing them into the book.</summary>
    public DescriptionReading Read(string words) => engine.Backbone.Embed(words, new float[engine.Backbone.EmbeddingWidth]);

    /// <summary>How alike two sentences are to the book, at most 1.</summary>
    public float Likeness(string words, string others)
    {
        float[] a = new float[engine.Backbone.EmbeddingWidth], b = new float[engine.Backbone.EmbeddingWidth];
        engine.Backbone.Embed(words, a);
        engine.Backbone.Embed(others, b);
        return TensorPrimitives.CosineSimilarity<float>(a, b);
    }

    /// <summary>What the book takes a drawing for. Allocates nothing.</summary>
    public Prediction Cast(Drawing drawing) => spells.Classify(drawing);

    /// <summary>What was meant by a drawing, as the player said or let stand. Learnt from in the frames that follow.</summary>
    public void Teach(Drawing drawing, string name) => spells.Teach(drawing, name);

    /// <summary>Called once a frame.</summary>
    public AdaptReport Learn() => spells.Adapt(Budget);

    /// <summary>Learns until there is nothing left to learn, however long that takes.</summary>
    public void LearnAll() => spells.AdaptToEnd();

    /// <summary>Takes a spell out with all that was learnt of it.</summary>
    public void Remove(string name) => spells.Remove(name);

    /// <summary>Gives a spell another name; what was learnt of it stays.</summary>
    public void Rename(string name, string newName) => spells.Rename(name, newName);

    /// <summary>Forgets every spell; device and backbone stay loaded.</summary>
    public void StartOver() => Replace(new AdaptiveClassifier(engine.Backbone, options));

    /// <summary>Writes what the player said and taught.</summary>
    public void Save(string file) => spells.Save(file);

    /// <summary>Reads it again. What is not a save of this backbone is refused and changes nothing.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, or of another backbone.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Load(string file, bool previous = false) =>
        Replace(previous ? AdaptiveClassifier.LoadPrevious(file, engine.Backbone, options) : AdaptiveClassifier.Load(file, engine.Backbone, options));

    /// <summary>Opens another device and loads the backbone for it, on any thread, while the book goes on with the one it has.</summary>
    /// <exception cref="DeviceException">The device cannot be used.</exception>
    public Engine Prepare(GameDevice wanted) => Prepare(backboneFile, wanted);

    /// <summary>Goes on with another device: spells, examples and what is being learnt move over in memory.</summary>
    /// <param name="other">Belongs to the book from now on; freed at once where the move fails, and the book stays where it is.</param>
    public void MoveTo(Engine other)
    {
        AdaptiveClassifier moved;
        try
        {
            using var all = new MemoryStream();
            spells.Save(all);
            all.Position = 0;
            moved = AdaptiveClassifier.Load(all, other.Backbone, options);
        }
        catch
        {
            other.Dispose();
            throw;
        }
        Replace(moved);
        engine.Dispose();
        engine = other;
    }

    /// <summary>Frees classifier, backbone and device, in this order.</summary>
    public void Dispose()
    {
        spells.Dispose();
        engine.Dispose();
    }

    private void Replace(AdaptiveClassifier other)
    {
        spells.Dispose();
        spells = other;
    }

    private static Engine Prepare(string backboneFile, GameDevice wanted)
    {
        return wanted switch
        {
            GameDevice.Cpu => Load(ComputeDevice.OpenCpu()),
            GameDevice.Vulkan => Load(OpenVulkan()),
            GameDevice.DirectX12 => Load(OpenDirectX12()),
            _ => LoadWhileLooking(),
        };

        Engine Load(ComputeDevice device)
        {
            try
            {
                return new Engine(device, Backbone.Load(backboneFile, device));
            }
            catch
            {
                device.Dispose();
                throw;
            }
        }

        // Looking for a GPU takes about as long as loading for the CPU; where there is none, all is ready by then.
        Engine LoadWhileLooking()
        {
            Task<ComputeDevice> looking = Task.Run(() => ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider));
            Engine ready = Load(ComputeDevice.OpenCpu());
            ComputeDevice best = looking.GetAwaiter().GetResult();
            if (best.Kind == DeviceKind.Cpu)
            {
                best.Dispose();
                return ready;
            }
            ready.Dispose();
            return Load(best);
        }
    }

    /// <summary>For machines without a GPU: software drivers are slower than the CPU device, and opened by name alone.</summary>
    private static ComputeDevice OpenVulkan()
    {
        if (Vulkan.Provider.TryOpen(out ComputeDevice? best, out string reason)) return best;
        VulkanDeviceInfo? software = Vulkan.Devices().FirstOrDefault(d => d.IsUsable);
        return software is null ? throw new DeviceException($"There is no Vulkan device to play on: {reason}.") : Vulkan.Open(software.Name);
    }

    private static ComputeDevice OpenDirectX12() => DirectX12.Provider.TryOpen(out ComputeDevice? best, out string reason) ? best
        : throw new DeviceException($"There is no DirectX 12 device to play on: {reason}.");
}
