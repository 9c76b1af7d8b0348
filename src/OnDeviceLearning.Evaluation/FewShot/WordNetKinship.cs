using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// How near two classes are by the words of their names: each word's meanings lie in WordNet's tree of wider meanings, and two meanings are
/// the nearer, the deeper the narrowest meaning is that covers both: 2 depth(both) / (depth(a) + depth(b)) (Wu and Palmer, ACL 1994, arXiv cmp-lg/9406033).
/// Words are looked up one by one, so that "coffee maker" is what coffee and makers are. A word counts with its best match in the other name; a name with the mean over its words, and both directions alike.
/// </summary>
internal sealed class WordNetKinship
{
    // The first meanings of a word are the usual ones; the tenth only makes everything related to everything.
    private const int MostMeanings = 3;

    private readonly IReadOnlyList<Synset> synsets;
    private readonly Dictionary<string, List<int>> meanings = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<int, Dictionary<int, int>> ancestries = [];

    public WordNetKinship(IReadOnlyList<Synset> synsets)
    {
        this.synsets = synsets;
        for (int i = 0; i < synsets.Count; i++)
        {
            if (synsets[i].Category is not ('n' or 'v')) continue;
            foreach (string lemma in synsets[i].Lemmas)
            {
                if (!meanings.TryGetValue(lemma, out List<int>? list)) meanings.Add(lemma, list = []);
                if (list.Count < MostMeanings) list.Add(i);
            }
        }
    }

    /// <summary>The nearness of every two names, 0 to 1; NaN where one of them has no word that WordNet knows.</summary>
    public double[,] Between(IReadOnlyList<string> names)
    {
        int[][][] words = [.. names.Select(n => n.Split([' ', '_', '-', '.', ','], StringSplitOptions.RemoveEmptyEntries)
            .Where(meanings.ContainsKey).Select(w => meanings[w].ToArray()).ToArray())];
        var result = new double[names.Count, names.Count];
        for (int a = 0; a < names.Count; a++)
            for (int b = 0; b <= a; b++) result[a, b] = result[b, a] = words[a].Length == 0 || words[b].Length == 0 ? double.NaN : (Cover(words[a], words[b]) + Cover(words[b], words[a])) / 2;
        return result;
    }

    private double Cover(int[][] words, int[][] by) => words.Average(w => by.Max(v => w.Max(a => v.Max(b => Nearness(a, b)))));

    /// <summary>Of two meanings, 0 to 1; 0 if no meaning covers both.</summary>
    internal double Nearness(int a, int b)
    {
        Dictionary<int, int> above = Ancestry(a), other = Ancestry(b);
        double best = 0;
        foreach ((int shared, int up) in above)
            if (other.TryGetValue(shared, out int upOther))
            {
                int depth = Depth(shared);
                best = Math.Max(best, 2.0 * depth / (2 * depth + up + upOther));
            }
        return best;
    }

    // A root has depth 1, so that meanings that share nothing but it are still a little alike.
    private int Depth(int synset) => 1 + Ancestry(synset).Values.Max();

    /// <summary>All meanings that cover one, itself too, with the fewest steps up to each.</summary>
    private Dictionary<int, int> Ancestry(int synset)
    {
        if (ancestries.TryGetValue(synset, out Dictionary<int, int>? found)) return found;
        var steps = new Dictionary<int, int> { [synset] = 0 };
        var queue = new Queue<int>([synset]);
        while (queue.TryDequeue(out int at))
            foreach (int up in synsets[at].Hypernyms)
                if (steps.TryAdd(up, steps[at] + 1)) queue.Enqueue(up);
        ancestries.Add(synset, steps);
        return steps;
    }
}
