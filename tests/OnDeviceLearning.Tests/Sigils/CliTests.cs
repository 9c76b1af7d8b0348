using System.Text.Json;
using OnDeviceLearning.Cli;
using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Tests.Sigils;

public sealed class CliTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = OdlCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string Backbone()
    {
        string file = Path.Combine(folder, "tiny.safetensors");
        File.WriteAllBytes(file, TinyBackbone.File());
        return file;
    }

    private string Drawings(params string[] words)
    {
        string file = Path.Combine(folder, "drawings.ndjson");
        var random = new Random(1);
        File.WriteAllLines(file, words.SelectMany(word => Enumerable.Range(0, 7).Select(_ =>
        {
            Drawing drawing = SigilArtist.Draw(new Term(Enum.Parse<Primitive>(word, ignoreCase: true)), HandStyle.Careful(random), random);
            var strokes = drawing.Strokes.Select(s => new[] { s.Select(p => p.X).ToArray(), s.Select(p => p.Y).ToArray() });
            return JsonSerializer.Serialize(new { word, drawing = strokes });
        })));
        return file;
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("inspect")]
    [InlineData("check", "--nonsense")]
    [InlineData("check", "--device")]
    [InlineData("eval", "sigils", "--episodes", "0")]
    [InlineData("eval", "sigils", "--episodes", "many")]
    [InlineData("eval", "sigils", "--nonsense")]
    [InlineData("transfer", "--dataset", "mnist")]
    [InlineData("transfer", "--dataset", "fashion59", "--dial", "0,2")]
    [InlineData("transfer", "--dataset", "fashion59", "--augment", "waves")]
    [InlineData("pretrain", "sigils")]
    [InlineData("pretrain", "sigils", "--out", "x", "--minutes", "0")]
    [InlineData("pretrain", "sigils", "--out", "x", "--threads", "0")]
    public void WrongUsageIsOneSentenceAndTwo(params string[] args)
    {
        (int code, string output, string error) = Run(args);
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.StartsWith("odl: ", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("odl: 'frobnicate' is not a command; expected one of bench, ", "frobnicate")]
    [InlineData("odl: 'clinc150' is not a command; expected one of fewshot, intents, ", "eval", "clinc150")]
    [InlineData("odl: a command is missing; expected one of fewshot, intents, ", "eval")]
    public void A_word_that_is_no_command_is_named_beside_those_that_are(string beginning, params string[] args)
    {
        (int code, _, string error) = Run(args);
        Assert.Equal(2, code);
        Assert.StartsWith(beginning, error, StringComparison.Ordinal);
    }

    [Fact]
    public void FailuresAreOneSentenceAndOne()
    {
        string garbage = Path.Combine(folder, "garbage.safetensors");
        File.WriteAllText(garbage, "this is no model");
        string broken = Path.Combine(folder, "broken.ndjson");
        File.WriteAllText(broken, "{\"word\":\"star\"}");
        foreach (string[] args in (string[][])
        [
            ["inspect", Path.Combine(folder, "absent.safetensors")],
            ["inspect", garbage],
            ["inspect", folder],
            ["eval", "sigils", "--backbone", Path.Combine(folder, "absent.safetensors")],
            ["eval", "sigils", "--backbone", garbage, "--drawings", Drawings("star", "circle")],
            ["eval", "sigils", "--backbone", Backbone(), "--drawings", Path.Combine(folder, "absent.ndjson")],
            ["eval", "sigils", "--backbone", Backbone(), "--drawings", broken],
            ["pretrain", "sigils", "--out", Path.Combine(folder, "absent", "x.safetensors")],
            ["check", "--device", "Voodoo 2"],
        ])
        {
            (int code, string output, string error) = Run(args);
            Assert.Equal(1, code);
            Assert.Equal("", output);
            Assert.StartsWith("odl: ", error);
            Assert.Single(error.TrimEnd().Split('\n'));
            Assert.DoesNotContain("   at ", error);
        }
    }

    [Fact]
    public void HelpIsPrinted()
    {
        (int code, string output, _) = Run("eval", "sigils", "--help");
        Assert.Equal(0, code);
        Assert.Contains("--drawings", output);
    }

    [Fact]
    public void InspectSaysWhatIsInABackbone()
    {
        (int code, string output, string error) = Run("inspect", Backbone());
        Assert.True(code == 0, error);
        Assert.Contains("image", output);
        Assert.Contains("conv2d", output);
        Assert.Contains("attention", output);
        Assert.Contains("MIT", output);
    }

    [Fact]
    public void DevicesListsTheCpu()
    {
        (int code, string output, _) = Run("devices");
        Assert.Equal(0, code);
        Assert.Contains("built in", output);
        Assert.Contains("A game that asks for DirectX 12, then Vulkan, opens: ", output);
    }

    [Fact]
    public void CheckEndsWithAVerdictForABugReport()
    {
        (int code, string output, string error) = Run("check", "--device", "cpu");
        Assert.True(code == 0, error + output);
        string[] lines = output.TrimEnd().Split('\n');
        Assert.StartsWith("device: ", lines[0]);
        Assert.StartsWith("driver: ", lines[1]);
        Assert.StartsWith("limits: ", lines[2]);
        Assert.Contains(lines, l => l.StartsWith("MatMul ", StringComparison.Ordinal) && l.Contains(" passed    0 failed   worst error ", StringComparison.Ordinal));
        Assert.StartsWith($"Sound: all {OnDeviceLearning.Conformance.ConformanceSuite.Cases.Count} cases passed on ", lines[^1]);
    }

    [Fact]
    public void CheckPrintsOneJsonObject()
    {
        (int code, string output, string error) = Run("check", "--device", "cpu", "--json");
        Assert.True(code == 0, error);
        Assert.Single(output.TrimEnd().Split('\n'));
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(OnDeviceLearning.Conformance.ConformanceSuite.Cases.Count, json.RootElement.GetProperty("passed").GetInt32());
        Assert.Equal(0, json.RootElement.GetProperty("failed").GetInt32());
        Assert.Equal(0, json.RootElement.GetProperty("skipped").GetInt32());
        foreach (string key in (string[])["device", "driver", "limits"]) Assert.NotEqual("", json.RootElement.GetProperty(key).GetString());
        JsonElement operation = json.RootElement.GetProperty("operations").EnumerateArray().First(o => o.GetProperty("name").GetString() == "Softmax");
        Assert.InRange(operation.GetProperty("worstError").GetDouble(), 0, 1e-5);
    }

    [Fact]
    public void CheckSaysWhatFailedAndWhatWasNotRun()
    {
        var report = new CheckReport("A card", "driver 1", "limits", [new("Add", 3, ["Add: wrong"], 0, 0.5), new("Mean", 0, [], 4, 0)], []);
        Assert.False(report.IsSound);
        using var text = new StringWriter();
        report.WriteVerdict(text);
        Assert.Equal("Add: wrong\nNOT sound: 1 of 8 cases failed, 4 skipped, 0 validation messages on A card (driver 1).\n", text.ToString().ReplaceLineEndings("\n"));
        Assert.Contains("\"failures\":[\"Add: wrong\"]", report.ToJson());
    }

    [Fact]
    public void EvalEndsWithOneJsonObject()
    {
        (int code, string output, string error) = Run("eval", "sigils", "--backbone", Backbone(), "--episodes", "2", "--drawings", Drawings("star", "circle", "tree"), "--json");
        Assert.True(code == 0, error);
        Assert.Single(output.TrimEnd().Split('\n'));
        using JsonDocument json = JsonDocument.Parse(output);
        foreach (string key in (string[])["zeroShot8", "zeroShot20", "perRelation", "playerDescriptions8", "grammarDescriptions8", "gap", "misunderstoodWords", "zeroShot8Interval"])
            Assert.True(json.RootElement.TryGetProperty(key, out _), key);
        JsonElement drawings = json.RootElement.GetProperty("drawings");
        foreach (string key in (string[])["zeroShot", "after1", "after5", "perWord"]) Assert.True(drawings.TryGetProperty(key, out _), key);
        Assert.Equal(3, drawings.GetProperty("perWord").EnumerateObject().Count());
    }

    [Fact]
    public void EvalPrintsTablesAndSaysWhatIsMissing()
    {
        string? before = Environment.GetEnvironmentVariable("ODL_DATA");
        Environment.SetEnvironmentVariable("ODL_DATA", null);
        try
        {
            (int code, string output, string error) = Run("eval", "sigils", "--backbone", Backbone(), "--episodes", "2");
            Assert.True(code == 0, error);
            Assert.Contains("words of players", output);
            Assert.Contains("ODL_DATA is not set", output);
            Assert.Contains("quickdraw-dataset", output);
        }
        finally
        {
            Environment.SetEnvironmentVariable("ODL_DATA", before);
        }
    }
}
