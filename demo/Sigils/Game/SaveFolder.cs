using System.Text.Json;

namespace OnDeviceLearning.Demo;

/// <summary>How far a player has come.</summary>
internal record struct Progress(int Duels, int Best, bool Won);

/// <summary>
/// Where a player's game lies: the library's save and the journal. Whatever is found there, the game goes on, and says in
/// its own words what it could not read.
/// </summary>
internal sealed class SaveFolder(string folder)
{
    public string Spells => Path.Combine(folder, "player.spells");

    public string Journal => Path.Combine(folder, "player.journal");

    /// <summary>Where games usually lie, by the system's custom.</summary>
    public static SaveFolder OfUser() => new(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "OnDeviceLearning", "Sigils"));

    /// <summary>Saves; returns a sentence where that fails.</summary>
    public string? Save(Grimoire grimoire, Progress progress)
    {
        try
        {
            Directory.CreateDirectory(folder);
            grimoire.Book.Save(Spells);
            Demo.Journal.Of(grimoire, progress.Duels, progress.Best, progress.Won).Save(Journal);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The book could not be put away: {e.Message}";
        }
    }

    /// <summary>Opens what is there; otherwise the grimoire is left as it is.</summary>
    /// <param name="grimoire">Takes what was saved.</param>
    /// <param name="progress">How far the player had come.</param>
    /// <param name="notice">What the player should know; null if all was well.</param>
    /// <returns>Whether a game was resumed.</returns>
    public bool Resume(Grimoire grimoire, out Progress progress, out string? notice)
    {
        progress = default;
        notice = null;
        if (!File.Exists(Spells) && !File.Exists(Journal)) return false;
        Journal? journal = null;
        IReadOnlyList<SpellPage>? pages = null;
        string? unread = null;
        try
        {
            journal = Demo.Journal.Load(Journal);
            pages = journal.Restore();
            progress = new Progress(journal.Duels, journal.Best, journal.Won);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            unread = e is FileNotFoundException ? "it is missing" : e.Message;
        }

        Exception? damage = Open(grimoire, pages, previous: false);
        if (damage is null)
        {
            if (pages is null) notice = $"The journal could not be read ({Short(unread)}). Spells and what they learnt are here; their drawings are not.";
            return true;
        }
        Keep(Spells);
        bool foreign = damage is ModelFormatException { IsForOtherBackbone: true };
        if (!foreign && File.Exists(Spells + AdaptiveClassifier.PreviousSuffix) && Open(grimoire, pages, previous: true) is null)
        {
            notice = "The book is damaged. The one put away before it is open instead.";
            return true;
        }
        if (pages is not null)
        {
            grimoire.RebuildFrom(pages);
            notice = foreign
                ? "This book was written for other eyes (another backbone). Its words and drawings are read anew."
                : "The book is damaged. It is written anew from the words and drawings in your journal.";
            return true;
        }
        string also = File.Exists(Journal) ? "and so is the journal" : "and there is no journal";
        Keep(Journal);
        progress = default;
        notice = $"The book is damaged ({Short(damage.Message)}), {also}. A new book begins; the old one is kept beside it.";
        return false;
    }

    private Exception? Open(Grimoire grimoire, IReadOnlyList<SpellPage>? pages, bool previous)
    {
        try
        {
            grimoire.Book.Load(Spells, previous);
            IReadOnlyList<string> names = grimoire.Book.Names;
            if (names.Count is < Grimoire.FewestSpells or > Grimoire.MostSpells || names.Any(n => n.Length > Grimoire.LongestName || grimoire.Book.WordsOf(n).Length is 0 or > Grimoire.LongestWords))
                throw new ModelFormatException("the save is not of this game");
        }
        catch (Exception e) when (e is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            return e;
        }
        // The save is the truth about the spells; the journal adds to each what it remembers.
        Dictionary<string, SpellPage> known = pages?.ToDictionary(p => p.Name) ?? [];
        grimoire.Restore(grimoire.Book.Names.Select(name =>
        {
            string words = grimoire.Book.WordsOf(name);
            SpellPage page = known.TryGetValue(name, out SpellPage? found) ? found : new SpellPage(name, words);
            page.Words = words;
            return page;
        }).ToList());
        return null;
    }

    private static void Keep(string file)
    {
        try
        {
            if (File.Exists(file)) File.Copy(file, file + ".damaged", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The game goes on without the copy.
        }
    }

    private static string Short(string? text) => text is null ? "" : text.Length <= 90 ? text.TrimEnd('.') : text[..87] + "...";
}
