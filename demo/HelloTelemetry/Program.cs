// Plain numbers in, labels out: a game's director learns play styles from its own telemetry, with no file and no GPU.
//
//   dotnet run --project demo/HelloTelemetry
using OnDeviceLearning;

// What a minute of play is measured by: speed in m/s, shots, seconds in cover, metres to the nearest friend.
// Mean and deviation say what is usual in this game, so that no feature drowns the others.
using Backbone backbone = Backbone.ForFeatures(mean: [3, 20, 20, 15], deviation: [1.5f, 12, 12, 8]);
using var styles = new AdaptiveClassifier(backbone);
foreach (string style in (string[])["rusher", "sniper", "medic"]) styles.AddClass(style); // no words: known by examples alone

var random = new Random(1);
for (int minute = 0; minute < 5; minute++)
    foreach (string style in styles.Classes)
        styles.Teach(Minute(style), style);              // what the level designers marked in five recorded minutes

styles.AdaptToEnd();                                     // a game calls Adapt(budget) once a frame instead

int right = 0, count = 300;
for (int i = 0; i < count; i++)
{
    string style = styles.Classes[i % 3];
    if (styles.Classify(Minute(style)).Label == style) right++;
}
Console.WriteLine($"Learnt from 5 minutes of each style; names {right} of {count} other minutes rightly.");

// A minute of play, made up: what a game would count.
FeatureVector Minute(string style)
{
    float[] usual = style switch { "rusher" => [4.5f, 35, 8, 20], "sniper" => [1.5f, 12, 35, 25], _ => [3, 8, 22, 5] };
    float[] spread = [1, 10, 10, 8];
    return new FeatureVector(usual.Select((value, i) => value + spread[i] * Normal()).ToArray());
}

float Normal() => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(MathF.Tau * random.NextSingle());
