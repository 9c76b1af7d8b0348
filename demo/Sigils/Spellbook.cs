namespace OnDeviceLearning.Demo;

/// <summary>
/// A player's spells: everything the demo asks of the library, to copy from. One thread at a time.
/// </summary>
internal sealed class Spellbook : IDisposable
{
    /// <summary>What learning may take of a frame.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(2);

    private readonly ComputeDevice device;
    private readonly Backbone backbone;
    private readonly AdaptiveClassifierOptions options;
    private AdaptiveClassifier spells;

    /// <summary>Opens a device and loads the backbone. The seed makes learning repeatable.</summary>
    /// <exception cref="ModelFormatException">The file is no backbone.</exception>
    /// <exception cref="DeviceException">The device cannot be used.</exception>
    public Spellbook(string backboneFile, TourDevice wanted, ulong seed)
    {
        (device, backbone) = wanted switch
        {
            TourDevice.Cpu => Load(ComputeDevice.OpenCpu()),
            TourDevice.Vulkan => Load(OpenVulkan()),
            _ => LoadWhileLooking(),
        };
        options = new AdaptiveClassifierOptions { Seed = seed };
        spells = new AdaptiveClassifier(backbone, options);

        (ComputeDevice, Backbone) Load(ComputeDevice device)
        {
            try
            {
                return (device, Backbone.Load(backboneFile, device));
            }
            catch
            {
                device.Dispose();
                throw;
            }
        }

        // Looking for a GPU takes about as long as loading for the CPU; where there is none, all is ready by then.
        (ComputeDevice, Backbone) LoadWhileLooking()
        {
            Task<ComputeDevice> looking = Task.Run(() => ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider));
            (ComputeDevice cpu, Backbone ready) = Load(ComputeDevice.OpenCpu());
            ComputeDevice best = looking.GetAwaiter().GetResult();
            if (best.Kind == DeviceKind.Cpu)
            {
                best.Dispose();
                return (cpu, ready);
            }
            ready.Dispose();
            cpu.Dispose();
            return Load(best);
        }
    }

    /// <summary>What the spells are recognised on.</summary>
    public string Device => device.Name;

    /// <summary>Adds a spell in the player's own words; says how they were understood. Castable at once.</summary>
    public DescriptionReading Describe(string name, string words) => spells.Describe(name, words);

    /// <summary>What the book takes a drawing for. Allocates nothing.</summary>
    public Prediction Cast(Drawing drawing) => spells.Classify(drawing);

    /// <summary>How sure the book is of one spell in its latest answer, 0 to 1.</summary>
    public float Confidence(in Prediction prediction, string name)
    {
        for (int c = 0; c < spells.Classes.Count; c++)
            if (spells.Classes[c] == name) return prediction.Probabilities[c];
        return 0;
    }

    /// <summary>What was meant by a drawing, as the player said or let stand. Learnt from in the frames that follow.</summary>
    public void Teach(Drawing drawing, string name) => spells.Teach(drawing, name);

    /// <summary>Called once a frame.</summary>
    public AdaptReport Learn() => spells.Adapt(Budget);

    /// <summary>Forgets every spell; device and backbone stay loaded.</summary>
    public void StartOver()
    {
        spells.Dispose();
        spells = new AdaptiveClassifier(backbone, options);
    }

    /// <summary>For machines without a GPU: software drivers are slower than the CPU device, and opened by name alone.</summary>
    private static ComputeDevice OpenVulkan()
    {
        if (Vulkan.Provider.TryOpen(out ComputeDevice? best, out string reason)) return best;
        VulkanDeviceInfo? software = Vulkan.Devices().FirstOrDefault(d => d.IsUsable);
        return software is null ? throw new DeviceException($"There is no Vulkan device to play on: {reason}.") : Vulkan.Open(software.Name);
    }

    /// <summary>Frees classifier, backbone and device, in this order.</summary>
    public void Dispose()
    {
        spells.Dispose();
        backbone.Dispose();
        device.Dispose();
    }
}
