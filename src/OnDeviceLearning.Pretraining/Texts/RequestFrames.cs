namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// General ways of asking for something, several for each purpose, with gaps for a thing (<c>{x}</c>) and an action
/// (<c>{v}</c>): "how long does {x} take", "how much time is needed for {x}". What a dictionary cannot teach: which small
/// words carry the purpose of a request and which carry nothing.
/// </summary>
internal sealed class RequestFrames
{
    private const string Thing = "{x}", Action = "{v}", OpeningName = "opening", AskingName = "asking";

    private readonly string[][] frames;

    private RequestFrames(IReadOnlyList<(string Purpose, string Text)> rows)
    {
        Openings = [.. rows.Where(r => r.Purpose == OpeningName).Select(r => r.Text)];
        Askings = [.. rows.Where(r => r.Purpose == AskingName).Select(r => r.Text)];
        frames = [.. rows.Where(r => r.Purpose is not (OpeningName or AskingName)).GroupBy(r => r.Purpose).Select(g => g.Select(r => r.Text).ToArray())];
        Rows = rows;
    }

    /// <summary>What requests begin with and what does not change their purpose: "could you".</summary>
    public IReadOnlyList<string> Openings { get; }

    /// <summary>What descriptions of requests begin with: "ask whether".</summary>
    public IReadOnlyList<string> Askings { get; }

    /// <summary>Every row, for counting words.</summary>
    public IReadOnlyList<(string Purpose, string Text)> Rows { get; }

    /// <summary>Number of purposes.</summary>
    public int Purposes => frames.Length;

    /// <summary>Reads the project's frames.</summary>
    public static RequestFrames Read()
    {
        using Stream stream = typeof(RequestFrames).Assembly.GetManifestResourceStream("request-frames.tsv")!;
        using var reader = new StreamReader(stream);
        return new RequestFrames([.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split('\t')).Select(f => (f[0], f[1]))]);
    }

    /// <summary>One way of saying a purpose about a thing, with an action where the way has a gap for one.</summary>
    public string Render(int purpose, string thing, string action, Random random)
    {
        string[] ways = frames[purpose];
        return ways[random.Next(ways.Length)].Replace(Action, action, StringComparison.Ordinal).Replace(Thing, thing, StringComparison.Ordinal);
    }
}
