using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Models;

namespace OnDeviceLearning;

// Reading a save. The checksum vouches against accidents, not against a stranger's hand: everything is checked as if it
// had been made up.
public sealed partial class AdaptiveClassifier
{
    private static AdaptiveClassifier Read(byte[] file, IEmbedder embedder, AdaptiveClassifierOptions? options)
    {
        options ??= new AdaptiveClassifierOptions();
        options.Validate();
        SafetensorsFile save = PlayerSave.Read(file);
        string backbone = PlayerSave.Text(save, PlayerSave.BackboneKey);
        if (backbone != embedder.Hash)
            throw new ModelFormatException($"Save: made with the backbone {backbone[..Math.Min(12, backbone.Length)]}...; this backbone is {embedder.Hash[..Math.Min(12, embedder.Hash.Length)]}.... Its embeddings mean nothing to another.") { IsForOtherBackbone = true };

        using MetadataJson state = MetadataJson.Parse(PlayerSave.StateKey, PlayerSave.Text(save, PlayerSave.StateKey));
        if (!ulong.TryParse(state.String("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)) throw state.Error("'seed' is not a whole number");
        var classifier = new AdaptiveClassifier(embedder, options with { Seed = seed });
        try
        {
            classifier.ReadClasses(save);
            using MetadataJson? tuning = save.Metadata.TryGetValue(PlayerSave.TuningKey, out string? json) ? MetadataJson.Parse(PlayerSave.TuningKey, json) : null;
            classifier.ReadEncoder(save, tuning);
            classifier.ReadExamples(save, state);
            classifier.ReadAdaptation(state);
            classifier.ReadTuningRun(save, tuning);
            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    private void ReadClasses(SafetensorsFile save)
    {
        using MetadataJson json = MetadataJson.Parse(PlayerSave.ClassesKey, PlayerSave.Text(save, PlayerSave.ClassesKey));
        var read = new List<(string Name, bool HasWeight, List<string> Texts, List<double> Understood)>();
        var seen = new HashSet<string>();
        foreach (JsonElement element in json.Array("classes"))
        {
            if (read.Count == MaxClasses) throw json.Error($"more than {MaxClasses} classes");
            using MetadataJson entry = MetadataJson.Parse($"{PlayerSave.ClassesKey}[{read.Count}]", element.GetRawText());
            string name = entry.String("name");
            Check(entry, () => CheckName("Load", name));
            if (!seen.Add(name)) throw json.Error($"the class '{Excerpt(name)}' occurs twice");
            var texts = new List<string>();
            foreach (JsonElement text in entry.Array("descriptions"))
            {
                if (texts.Count == MaxDescriptions) throw entry.Error($"more than {MaxDescriptions} descriptions");
                if (text.ValueKind != JsonValueKind.String || MetadataJson.Text(text) is not string written) throw entry.Error("a description is not a string");
                Check(entry, () => CheckDescription("Load", name, written));
                texts.Add(written);
            }
            var understood = new List<double>();
            foreach (JsonElement number in entry.Array("understood"))
            {
                if (number.ValueKind != JsonValueKind.String || !double.TryParse(MetadataJson.Text(number), NumberStyles.Float, CultureInfo.InvariantCulture, out double share) || !(share is >= 0 and <= 1))
                    throw entry.Error("'understood' holds something other than numbers from 0 to 1");
                understood.Add(share);
            }
            if (understood.Count != texts.Count) throw entry.Error($"{texts.Count} descriptions, but {understood.Count} numbers of how far they were understood");
            read.Add((name, entry.Boolean("hasWeight"), texts, understood));
        }

        float[][] embeddings = PlayerSave.Rows(save, PlayerSave.DescriptionsTensor, read.Sum(entry => entry.Texts.Count), embedder.Width);
        float[][] weights = PlayerSave.Rows(save, PlayerSave.HeadTensor, read.Count, embedder.Width);
        CheckUnit(PlayerSave.DescriptionsTensor, embeddings);
        int next = 0;
        for (int c = 0; c < read.Count; c++)
        {
            (string name, bool weight, List<string> texts, List<double> understood) = read[c];
            Add(name);
            classes[c].SetDescriptions([.. texts.Select((text, i) => new Description(text, embeddings[next + i], understood[i]))]);
            next += texts.Count;
            hasWeight[c] = weight;
            if (weight) CheckUnit(PlayerSave.HeadTensor, [weights[c]], c);
            weights[c].CopyTo(head, c * embedder.Width);
        }
    }

    private void ReadExamples(SafetensorsFile save, MetadataJson state)
    {
        int count = state.Int32("examples", 0, int.MaxValue);
        if (count > options.MaxExamples)
            throw new ModelFormatException($"Save: it holds {count} examples; MaxExamples is {options.MaxExamples}.");
        float[][] features = PlayerSave.Rows(save, PlayerSave.ExamplesTensor, count, embedder.Width);
        int[] labels = PlayerSave.Integers(save, PlayerSave.LabelsTensor, count), ids = PlayerSave.Integers(save, PlayerSave.IdsTensor, count);
        CheckUnit(PlayerSave.ExamplesTensor, features);
        CompactInput?[] inputs = ReadInputs(save, count);
        float[][] tuned = encoder is null ? features : PlayerSave.Rows(save, PlayerSave.TunedTensor, count, embedder.Width);
        if (encoder is not null) CheckUnit(PlayerSave.TunedTensor, tuned);
        for (int i = 0; i < count; i++)
        {
            if (labels[i] < 0 || labels[i] >= classes.Count)
                throw new ModelFormatException($"Save: example {i} belongs to class {labels[i]} of {classes.Count}.");
            if (ids[i] <= examples.LastId)
                throw new ModelFormatException($"Save: example {i} has number {ids[i]} after {examples.LastId}; expected them to grow.");
            examples.Restore(new Example(ids[i], classes[labels[i]], tuned[i], features[i], inputs[i]));
        }
        examples.RestoreLastId(state.Int32("lastExample", examples.LastId, int.MaxValue));
    }

    private void ReadAdaptation(MetadataJson state)
    {
        double Finite(string name)
        {
            double value = PlayerSave.Exact(state, name);
            return double.IsInfinity(value) ? throw state.Error($"'{name}' is infinite") : value;
        }
        double mix = Finite("guardMix");
        if (!(mix is >= 0 and <= 1)) throw state.Error($"'guardMix' is {mix}; expected 0 to 1");
        adaptation = new Adaptation(Finite("evidenceBefore"), Finite("evidenceAfter"), mix, state.Boolean("guardSteppedIn"));
        headIsLearnt = true;
        evidenceVersion = 1;
        // Without examples there is nothing to learn, whatever the file says.
        learntVersion = state.Boolean("learnt") || examples.Count == 0 ? 1 : 0;
        if (learntVersion == evidenceVersion)
            foreach (ClassEntry entry in classes) entry.PublishPrototype();
    }

    private static void Check(MetadataJson json, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            throw json.Error(e.Message);
        }
    }

    private static void CheckUnit(string tensor, ReadOnlySpan<float[]> rows, int first = 0)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            float norm = TensorPrimitives.Norm<float>(rows[i]);
            if (!(Math.Abs(norm - 1) <= 0.01f)) throw new ModelFormatException($"Save: row {first + i} of tensor '{tensor}' has length {norm}; expected 1.");
        }
    }
}
