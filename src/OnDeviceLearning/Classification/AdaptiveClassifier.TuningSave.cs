using System.Runtime.InteropServices;
using System.Text.Json;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;

namespace OnDeviceLearning;

// What fine-tuning adds to a save: what each example was made from, the adapter in force with the features it gives, and
// a run under way, which goes on after loading with the same bits. The backbone's hash binds it like the rest.
public sealed partial class AdaptiveClassifier
{
    private void AddTuning(List<SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        int count = examples.Count;
        bool keepsInputs = Enumerable.Range(0, count).Any(i => examples[i].Input is not null);
        if (!keepsInputs && encoder is null && EncoderVersion == 0) return;
        metadata[PlayerSave.FormatKey] = PlayerSave.FormatWithTuning;
        if (keepsInputs) AddInputs(tensors, [.. Enumerable.Range(0, count).Select(i => examples[i].Input?.Bytes ?? [])]);
        if (encoder is not null)
        {
            tensors.Add(Rows(PlayerSave.EncoderTensor, [encoder.Adapter.Parameters]));
            if (count > 0) tensors.Add(Rows(PlayerSave.TunedTensor, [.. Enumerable.Range(0, count).Select(i => examples[i].Feature)]));
        }
        TrainingState? run = null;
        bool runs = tuner is not null && HasExamplesOf(tuner) && TryCapture(out run);
        if (runs) tensors.Add(SafetensorsTensor.FromInt32(PlayerSave.RunIdsTensor, [tuner!.Examples.Count], [.. tuner.Examples.Select(e => e.Id)]));
        if (run is not null)
        {
            tensors.Add(Rows(PlayerSave.RunParametersTensor, [run.Parameters]));
            tensors.Add(Rows(PlayerSave.RunMomentsTensor, run.Moments));
        }
        metadata[PlayerSave.TuningKey] = PlayerSave.Json(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("tuned", tunedVersion == evidenceVersion);
            json.WriteNumber("version", EncoderVersion);
            if (encoder?.Adapter is { } adapter)
            {
                json.WriteStartObject("encoder");
                json.WriteString("tuning", adapter.Tuning.ToString());
                json.WriteNumber("rank", adapter.Rank);
                json.WriteNumber("alpha", adapter.Alpha);
                json.WriteNumber("mix", adapter.Mix);
                json.WriteEndObject();
            }
            if (runs)
            {
                json.WriteStartObject("run");
                json.WriteString("settings", RunSettings());
                json.WriteNumber("examples", tuner!.Examples.Count);
                json.WriteNumber("step", run?.Step ?? -1);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        });
    }

    private bool TryCapture(out TrainingState? state)
    {
        state = null;
        try
        {
            state = tuner!.Capture();
            return true;
        }
        catch (DeviceException)
        {
            return false; // the run is lost with its device, as the next Adapt will find
        }
    }

    // A run whose examples were displaced meanwhile begins again after loading.
    private bool HasExamplesOf(EncoderTuner run)
    {
        HashSet<int> ids = [.. Enumerable.Range(0, examples.Count).Select(i => examples[i].Id)];
        return run.Examples.All(e => ids.Contains(e.Id));
    }

    // A run can only be gone on with by a classifier that would do the same.
    private string RunSettings() =>
        FormattableString.Invariant($"{options.Encoder} {options.Tuning.Rank} {options.Tuning.Alpha} {options.Tuning.Batch} {options.Tuning.Updates} {options.Tuning.RateOf(options.Encoder)} {options.Tuning.Pull} {options.Tuning.MaxScale}");

    private static void AddInputs(List<SafetensorsTensor> tensors, byte[][] inputs)
    {
        int[] words = new int[inputs.Sum(bytes => (bytes.Length + 3) / 4)];
        int at = 0;
        foreach (byte[] bytes in inputs)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(words.AsSpan())[(4 * at)..]);
            at += (bytes.Length + 3) / 4;
        }
        tensors.Add(SafetensorsTensor.FromInt32(PlayerSave.InputsTensor, [words.Length], words));
        tensors.Add(SafetensorsTensor.FromInt32(PlayerSave.InputLengthsTensor, [inputs.Length], [.. inputs.Select(bytes => bytes.Length)]));
    }

    private CompactInput?[] ReadInputs(SafetensorsFile save, int count)
    {
        var inputs = new CompactInput?[count];
        if (count == 0 || !save.Tensors.ContainsKey(PlayerSave.InputLengthsTensor)) return inputs;
        if (embedder.Tunable?.Preprocessing is not { } preprocessing) throw new ModelFormatException("Save: it keeps images; this backbone has no image encoder.");
        int[] lengths = PlayerSave.Integers(save, PlayerSave.InputLengthsTensor, count);
        long words = 0;
        for (int i = 0; i < count; i++)
        {
            if (lengths[i] < 0 || lengths[i] > CompactInput.MaxBytes(preprocessing.Size, preprocessing.Channels))
                throw new ModelFormatException($"Save: input {i} has {lengths[i]} bytes; expected 0 to {CompactInput.MaxBytes(preprocessing.Size, preprocessing.Channels)}.");
            words += (lengths[i] + 3) / 4;
        }
        if (words > int.MaxValue) throw new ModelFormatException($"Save: its inputs have {4 * words} bytes.");
        int[] all = PlayerSave.Integers(save, PlayerSave.InputsTensor, (int)words);
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            if (lengths[i] > 0)
                inputs[i] = CompactInput.Read(MemoryMarshal.AsBytes(all.AsSpan()).Slice(4 * at, lengths[i]).ToArray(), preprocessing.Size, preprocessing.Channels);
            at += (lengths[i] + 3) / 4;
        }
        return inputs;
    }

    private void ReadEncoder(SafetensorsFile save, MetadataJson? tuning)
    {
        if (tuning is null) return;
        EncoderVersion = tuning.Int32("version", 0, int.MaxValue);
        if (!tuning.Root.TryGetProperty("encoder", out JsonElement element)) return;
        if (embedder.Tunable is not { } tunable) throw new ModelFormatException("Save: it tunes an image encoder; this backbone has none.");
        using MetadataJson json = MetadataJson.Parse($"{PlayerSave.TuningKey}.encoder", element.GetRawText());
        string kind = json.String("tuning");
        if (!Enum.GetNames<EncoderTuning>().Contains(kind) || kind == nameof(EncoderTuning.None)) throw json.Error($"'tuning' is '{kind}'; expected a kind of EncoderTuning");
        EncoderTuning moved = Enum.Parse<EncoderTuning>(kind);
        int rank = json.Int32("rank", 1, 1024);
        float alpha = json.Single("alpha"), mix = json.Single("mix");
        if (!(mix is > 0 and <= 1)) throw json.Error($"'mix' is {mix}; expected above 0, at most 1");
        long elements = 0;
        Check(json, () => elements = EncoderAdapter.Elements(tunable.Graph, moved, rank, alpha));
        float[] parameters = PlayerSave.Rows(save, PlayerSave.EncoderTensor, 1, (int)elements)[0];
        var adapter = new EncoderAdapter(moved, rank, alpha, mix, parameters);
        try
        {
            encoder = tunable.Create(adapter);
        }
        catch (DeviceLostException loss)
        {
            RecoverTuning(loss);
            encoder = tunable.Create(adapter);
        }
    }

    private void ReadTuningRun(SafetensorsFile save, MetadataJson? tuning)
    {
        tunedVersion = tuning?.Boolean("tuned") == true ? evidenceVersion : evidenceVersion - 1;
        if (tuning is null || !tuning.Root.TryGetProperty("run", out JsonElement element)) return;
        using MetadataJson json = MetadataJson.Parse($"{PlayerSave.TuningKey}.run", element.GetRawText());
        // Another kind, or other settings: it begins anew.
        if (options.Encoder == EncoderTuning.None || json.String("settings") != RunSettings()) return;
        int[] ids = PlayerSave.Integers(save, PlayerSave.RunIdsTensor, json.Int32("examples", 1, examples.Count));
        Dictionary<int, TuningExample> known = HasAllInputs() ? TuningExamples().ToDictionary(e => e.Id) : throw json.Error("there are examples without input");
        var snapshot = new TuningExample[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (!known.TryGetValue(ids[i], out snapshot[i]) || (i > 0 && ids[i] <= ids[i - 1]))
                throw json.Error($"example {i} of the run has number {ids[i]}, which is not there or out of order");
        }
        if (!TuningSplit.IsEnough(snapshot, options.Seed, options.Tuning)) throw json.Error($"{ids.Length} examples are too few to tune with");
        int step = json.Int32("step", -1, options.Tuning.Updates);
        TrainingState? state = null;
        if (step >= 0)
        {
            int elements = (int)EncoderAdapter.Elements(embedder.Tunable!.Graph, options.Encoder, options.Tuning.Rank, options.Tuning.Alpha);
            float[] parameters = PlayerSave.Rows(save, PlayerSave.RunParametersTensor, 1, elements)[0];
            float[][] moments = PlayerSave.Rows(save, PlayerSave.RunMomentsTensor, 2, elements);
            foreach (float moment in moments[1])
                if (moment < 0) throw new ModelFormatException($"Save: tensor '{PlayerSave.RunMomentsTensor}' holds {moment}; a mean of squares is not negative.");
            state = new TrainingState(step, parameters, moments);
        }
        BeginTuning(snapshot, state);
        // Taught since the run began: another is due after it.
        if (ids.Length < examples.Count) tuningVersion = evidenceVersion - 1;
    }
}
