using System.Diagnostics.CodeAnalysis;

namespace OnDeviceLearning.Demo;

/// <summary>
/// The command line. Parsed by hand because it comes before the first prediction: System.CommandLine would add 15 ms of
/// just-in-time compilation to the cold start that the tour measures.
/// </summary>
internal sealed class TourOptions
{
    private const string Usage = "Options: --json, --device auto|cpu|vulkan|directx12, --seed N, --seeds N, --out FILE, --screens FOLDER, --backbone FILE.";

    /// <summary>End with one JSON object.</summary>
    public bool Json { get; private set; }

    /// <summary>What the spells are recognised on.</summary>
    public GameDevice Device { get; private set; }

    /// <summary>Seed of everything drawn and learnt.</summary>
    public int Seed { get; private set; } = 1;

    /// <summary>If positive: play this many seeds without pictures and report the means.</summary>
    public int Seeds { get; private set; }

    /// <summary>Where the contact sheet goes; the animated duel lies beside it.</summary>
    public string Out { get; private set; } = "tour.png";

    /// <summary>Where the animated duel goes: beside the contact sheet.</summary>
    public string Film => Path.ChangeExtension(Out, null) + "-duel.png";

    /// <summary>If not null: the folder that every screen goes to, as a file of its own.</summary>
    public string? Screens { get; private set; }

    /// <summary>The backbone file.</summary>
    public string Backbone { get; private set; } = Path.Combine(AppContext.BaseDirectory, "sigils.safetensors");

    /// <summary>Reads the arguments, or says in one sentence what is wrong with them.</summary>
    public static bool TryParse(string[] arguments, [NotNullWhen(true)] out TourOptions? options, [NotNullWhen(false)] out string? complaint)
    {
        options = null;
        var parsed = new TourOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string option = arguments[i];
            if (option == "--json")
            {
                parsed.Json = true;
                continue;
            }
            if (option is not ("--device" or "--seed" or "--seeds" or "--out" or "--screens" or "--backbone"))
            {
                complaint = $"'{option}' is not an option of the tour. {Usage}";
                return false;
            }
            if (++i == arguments.Length)
            {
                complaint = $"{option} needs a value. {Usage}";
                return false;
            }
            string value = arguments[i];
            switch (option)
            {
                case "--device" when value is "auto" or "cpu" or "vulkan" or "directx12":
                    parsed.Device = value switch { "cpu" => GameDevice.Cpu, "vulkan" => GameDevice.Vulkan, "directx12" => GameDevice.DirectX12, _ => GameDevice.Best };
                    break;
                case "--seed" when int.TryParse(value, out int seed) && seed is >= 0 and <= int.MaxValue - 2:
                    parsed.Seed = seed;
                    break;
                case "--seeds" when int.TryParse(value, out int seeds) && seeds is >= 1 and <= 10_000:
                    parsed.Seeds = seeds;
                    break;
                case "--out" when value.Length > 0 && !Directory.Exists(value) && Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(value))):
                    parsed.Out = value;
                    break;
                case "--screens" when value.Length > 0:
                    parsed.Screens = value;
                    break;
                case "--backbone" when File.Exists(value):
                    parsed.Backbone = value;
                    break;
                default:
                    complaint = option switch
                    {
                        "--device" => $"--device is '{value}'; expected auto, cpu, vulkan or directx12.",
                        "--seed" => $"--seed is '{value}'; expected a number from 0 to {int.MaxValue - 2}.",
                        "--seeds" => $"--seeds is '{value}'; expected a number from 1 to 10000.",
                        // Said now, and not when the tour has been played.
                        "--out" when value.Length > 0 => $"--out is '{value}'; expected a file in a folder that exists.",
                        "--out" => "--out is empty; expected a file to write.",
                        "--screens" => "--screens is empty; expected a folder to write to.",
                        _ => $"--backbone: there is no file '{value}'.",
                    };
                    return false;
            }
        }
        complaint = null;
        options = parsed;
        return true;
    }
}
