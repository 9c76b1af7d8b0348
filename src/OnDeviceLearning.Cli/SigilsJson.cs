using System.Text;
using System.Text.Json;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary>Scores for programs: one JSON object on one line. Shares are 0 to 1, intervals [low, high]; null where nothing was measured.</summary>
internal static class SigilsJson
{
    public static string Write(SigilsScores scores)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("backbone", scores.File);
            json.WriteString("hash", scores.Hash);
            json.WriteString("device", scores.Device);
            json.WriteNumber("seed", scores.Seed);
            Score(json, "zeroShot8", scores.ZeroShot8.Accuracy);
            Score(json, "zeroShot20", scores.ZeroShot20.Accuracy);
            Score(json, "oneEdit20", scores.OneEdit20.Accuracy);
            Relations(json, scores);
            Distractors(json, "perDistractor", scores.ZeroShot20);
            Distractors(json, "oneEditPerDistractor", scores.OneEdit20);
            Score(json, "playerDescriptions8", scores.Players.Players);
            Score(json, "grammarDescriptions8", scores.Players.Grammar);
            Number(json, "gap", scores.Players.Gap);
            json.WriteStartArray("misunderstoodWords");
            foreach (MisunderstoodWord word in scores.Players.Misunderstood) json.WriteStringValue(word.Word);
            json.WriteEndArray();
            if (scores.Drawings is { } drawings) Drawings(json, drawings);
            else
            {
                json.WriteNull("drawings");
                json.WriteString("drawingsMissing", scores.DrawingsMissing);
            }
            if (scores.Tuning is { } tuning) Tuning(json, tuning);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Distractors(Utf8JsonWriter json, string name, ZeroShotReport report)
    {
        json.WriteStartObject(name);
        foreach ((DistractorKind kind, Proportion mistaken) in report.PerDistractor)
        {
            json.WriteStartObject(JsonNamingPolicy.CamelCase.ConvertName(kind.ToString()));
            Score(json, "mistaken", mistaken);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Relations(Utf8JsonWriter json, SigilsScores scores)
    {
        json.WriteStartObject("perRelation");
        foreach (string relation in RootRelation.All)
        {
            json.WriteStartObject(relation);
            Score(json, "zeroShot8", scores.ZeroShot8.PerRelation.GetValueOrDefault(relation));
            Score(json, "zeroShot20", scores.ZeroShot20.PerRelation.GetValueOrDefault(relation));
            Score(json, "playerDescriptions8", scores.Players.PerRelation.GetValueOrDefault(relation));
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Drawings(Utf8JsonWriter json, DrawingsReport drawings)
    {
        json.WriteStartObject("drawings");
        Score(json, "zeroShot", drawings.ZeroShot);
        Score(json, "after1", drawings.AfterOne);
        Score(json, "after5", drawings.AfterFive);
        json.WriteStartObject("perWord");
        foreach (WordScore word in drawings.Words)
        {
            json.WriteStartObject(word.Word);
            json.WriteString("sentence", word.Sentence);
            Score(json, "zeroShot", word.ZeroShot);
            Number(json, "after5", word.AfterFive);
            json.WriteStartObject("takenFor");
            foreach ((string mistaken, int count) in word.Mistaken) json.WriteNumber(mistaken, count);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Tuning(Utf8JsonWriter json, DrawingsTuningReport tuning)
    {
        json.WriteStartObject("tuning");
        json.WriteString("moved", tuning.Tuning.ToString());
        json.WriteNumber("examples", tuning.Examples);
        Score(json, "headAlone", tuning.HeadAlone);
        Score(json, "tuned", tuning.Tuned);
        Number(json, "gain", tuning.Gain.Value);
        Interval(json, "gain", tuning.Gain.Low, tuning.Gain.High);
        json.WriteStartArray("mixes");
        foreach (double mix in tuning.Mixes) json.WriteNumberValue(mix);
        json.WriteEndArray();
        Number(json, "seconds", tuning.Seconds);
        json.WriteEndObject();
    }

    private static void Score(Utf8JsonWriter json, string name, Proportion score)
    {
        Number(json, name, score.Value);
        Interval(json, name, score.Low, score.High);
        json.WriteNumber(name + "Trials", score.Trials);
    }

    private static void Score(Utf8JsonWriter json, string name, SampleMean score)
    {
        Number(json, name, score.Value);
        Interval(json, name, score.Low, score.High);
    }

    private static void Interval(Utf8JsonWriter json, string name, double low, double high)
    {
        json.WriteStartArray(name + "Interval");
        json.WriteNumberValue(Math.Round(low, 6));
        json.WriteNumberValue(Math.Round(high, 6));
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 6));
        else json.WriteNull(name);
    }
}
