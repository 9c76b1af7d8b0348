namespace OnDeviceLearning.Tests.House;

/// <summary>What a game can call, held as a text beside this file: a change of the public API is seen in review.</summary>
public sealed class PublicApiTests
{
    private const string Update = "ODL_UPDATE_PUBLIC_API";

    [Fact]
    public void The_public_api_is_the_recorded_one()
    {
        string file = RepositoryFiles.PathOf("tests/OnDeviceLearning.Tests/House/PublicApi.txt");
        string actual = PublicApiText.Of(typeof(ComputeDevice).Assembly) + PublicApiText.Of(typeof(Vulkan).Assembly) + PublicApiText.Of(typeof(DirectX12).Assembly);
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            File.WriteAllText(file, actual);
            return;
        }
        string expected = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        string difference = Difference(Qualified(expected), Qualified(actual));
        Assert.True(difference.Length == 0, $"The public API differs from PublicApi.txt (- recorded, + now):\n{difference}If that is meant, run this test once with {Update}=1, which rewrites the file, and commit it.");
    }

    // Members are indented under their type; the type's line goes in front, so that equal members of two types differ.
    private static List<string> Qualified(string text)
    {
        List<string> lines = [];
        string type = "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line[0] == ' ')
                lines.Add($"{type} :: {line.TrimStart()}");
            else
                lines.Add(type = line);
        return lines;
    }

    private static string Difference(List<string> expected, List<string> actual) =>
        string.Concat(expected.Except(actual).Select(l => $"- {l}\n").Concat(actual.Except(expected).Select(l => $"+ {l}\n")));
}
