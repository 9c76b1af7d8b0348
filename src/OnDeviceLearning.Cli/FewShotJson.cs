using System.Text;
using System.Text.Json;
using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary>Few-shot scores for programs: one object a method and number of shots; what a method has no answer to is null.</summary>
internal static class FewShotJson
{
    public static string Write(IReadOnlyList<FewShotScore> scores)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (FewShotScore score in scores)
            {
                json.WriteStartObject();
                json.WriteString("method", score.Method);
                json.WriteNumber("shots", score.Shots);
                Mean(json, "accuracy", "interval", score.Accuracy);
                Mean(json, "vsZeroShot", "vsZeroShotInterval", score.VersusZeroShot);
                Number(json, "ece", score.CalibrationError);
                Number(json, "auroc", score.UnknownArea);
                Number(json, "ms", score.Milliseconds);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Mean(Utf8JsonWriter json, string name, string interval, MeanInterval mean)
    {
        Number(json, name, mean.Value);
        if (!double.IsFinite(mean.Low) || !double.IsFinite(mean.High))
        {
            json.WriteNull(interval);
            return;
        }
        json.WriteStartArray(interval);
        json.WriteNumberValue(Math.Round(mean.Low, 6));
        json.WriteNumberValue(Math.Round(mean.High, 6));
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 6));
        else json.WriteNull(name);
    }
}
