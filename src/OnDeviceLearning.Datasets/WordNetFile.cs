namespace OnDeviceLearning.Datasets;

/// <summary>A set of words with one meaning.</summary>
/// <param name="Id">Its name in the file.</param>
/// <param name="Category">n, v, a, s or r: noun, verb, adjective, satellite adjective, adverb.</param>
/// <param name="Lemmas">The words, at least one.</param>
/// <param name="Definition">What they mean.</param>
/// <param name="Hypernyms">Wider meanings, as indices into the list of all synsets.</param>
/// <param name="Examples">Sentences that use one of the words.</param>
public sealed record Synset(
    string Id, char Category, IReadOnlyList<string> Lemmas, string Definition, IReadOnlyList<int> Hypernyms, IReadOnlyList<string> Examples);

/// <summary>Open English WordNet as one table.</summary>
public static class WordNetFile
{
    /// <summary>Where <see cref="Find"/> looks below the data folder.</summary>
    public const string Path = "text/wordnet.tsv.gz";

    private const string Header = "id\tpos\tlemmas\tdefinition\thypernyms\texamples";
    private const int MostSynsets = 1_000_000;

    /// <summary>The path of the file in a data folder.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says where to get it.</exception>
    public static string Find(string? folder = null) => DataFolder.PathOf(Path,
        "Make it from Open English WordNet (https://github.com/globalwordnet/english-wordnet, CC BY 4.0): gzipped, UTF-8, tab-separated, with the header"
        + " id, pos, lemmas, definition, hypernyms, examples; lists separated by '|'.", folder);

    /// <summary>Reads the table of a data folder where it is at hand, for what can do without.</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <param name="missing">Where to get it; null where it is there.</param>
    /// <exception cref="FormatException">The file is damaged or holds something else.</exception>
    public static IReadOnlyList<Synset>? ReadIfPresent(string? folder, out string? missing)
    {
        missing = null;
        try
        {
            return Read(Find(folder));
        }
        catch (FileNotFoundException e)
        {
            missing = e.Message;
            return null;
        }
    }

    /// <summary>Reads the table, gzipped or not.</summary>
    /// <exception cref="FormatException">The file is damaged or holds something else; the message says which line.</exception>
    public static IReadOnlyList<Synset> Read(string path)
    {
        string text = GzipText.ReadText(path);
        var rows = new List<string[]>();
        var indices = new Dictionary<string, int>();
        int line = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            line++;
            if (line == 1)
            {
                if (!raw.SequenceEqual(Header)) throw new FormatException($"{path}, line 1: the header is '{Start(raw)}'; expected '{Header.Replace('\t', ' ')}', tab-separated.");
                continue;
            }
            if (raw.IsEmpty) continue;
            string[] fields = raw.ToString().Split('\t');
            if (fields.Length != 6) throw new FormatException($"{path}, line {line}: {fields.Length} fields; expected 6 ({Header.Replace("\t", ", ", StringComparison.Ordinal)}).");
            if (fields[0].Length == 0 || fields[1] is not ("n" or "v" or "a" or "s" or "r") || fields[2].Length == 0 || fields[3].Length == 0)
                throw new FormatException($"{path}, line {line}: id '{Start(fields[0])}', pos '{Start(fields[1])}'; expected an id, one of n, v, a, s, r, at least one lemma and a definition.");
            if (rows.Count == MostSynsets) throw new FormatException($"{path}, line {line}: more than {MostSynsets} synsets.");
            if (!indices.TryAdd(fields[0], rows.Count)) throw new FormatException($"{path}, line {line}: the id '{fields[0]}' occurs twice.");
            rows.Add(fields);
        }
        if (rows.Count == 0) throw new FormatException($"{path}: no synset; expected a header and rows.");
        var result = new List<Synset>(rows.Count);
        foreach (string[] fields in rows)
            result.Add(new Synset(fields[0], fields[1][0], List(fields[2]), fields[3],
                [.. List(fields[4]).Select(id => indices.TryGetValue(id, out int index) ? index
                    : throw new FormatException($"{path}: the hypernym '{Start(id)}' of '{fields[0]}' is not in the table."))],
                List(fields[5])));
        return result;
    }

    private static string[] List(string field) => field.Split('|', StringSplitOptions.RemoveEmptyEntries);

    private static string Start(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : $"{text[..40]}...";
}
