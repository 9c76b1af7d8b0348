using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public sealed class SaveTests : IDisposable
{
    private readonly GameBook.Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_game_goes_on_where_it_was_left()
    {
        float[] before = new float[Grimoire.MostSpells], after = new float[Grimoire.MostSpells];
        Played(before);
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.True(game.IsResumed);
        Assert.Null(game.Notice);
        SpellPage page = game.Grimoire.Pages[1];
        Assert.Equal(("Storm", "a heart that zigzags", 2, 2), (page.Name, page.Words, page.Casts, page.Misread));
        Assert.Equal(2, page.Drawings.Count);
        Assert.Equal(2, page.Confidence.Count);
        Assert.Equal(GameBook.Sigil(3).Strokes.Count, page.Drawings[0].Strokes.Count);
        game.Grimoire.Cast(GameBook.Sigil(3), after);
        Assert.Equal(before, after);
        Assert.Equal(1, game.Progress.Duels);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5000)]
    public void A_damaged_book_is_written_anew_from_the_journal(int kept)
    {
        Played(new float[Grimoire.MostSpells]);
        Damage(folder.Saves.Spells, kept);
        File.Delete(folder.Saves.Spells + AdaptiveClassifier.PreviousSuffix);
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.True(game.IsResumed);
        Assert.Contains("damaged", game.Notice);
        Assert.Contains("journal", game.Notice);
        Assert.Equal("a heart that zigzags", game.Grimoire.Pages[1].Words);
        Assert.Equal(2, game.Grimoire.Pages[1].Drawings.Count);
        game.Grimoire.Book.LearnAll();
        float[] p = new float[Grimoire.MostSpells];
        game.Grimoire.Cast(GameBook.Sigil(3), p);
        Assert.True(p[1] > 0.2f, $"the two drawings taught it again: {p[1]}");
        Assert.True(File.Exists(folder.Saves.Spells + ".damaged"));
    }

    [Fact]
    public void A_damaged_book_gives_way_to_the_one_before_it()
    {
        Played(new float[Grimoire.MostSpells]);
        Damage(folder.Saves.Spells, 300);
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.True(game.IsResumed);
        Assert.Contains("put away before it", game.Notice);
        Assert.Equal(8, game.Grimoire.Pages.Count);
    }

    [Fact]
    public void A_book_of_another_backbone_is_read_anew()
    {
        Played(new float[Grimoire.MostSpells]);
        string other = Path.Combine(folder.Path, "other.safetensors");
        File.WriteAllBytes(other, TinyBackbone.File());
        using var game = new Game(new Spellbook(other, GameDevice.Cpu, 1), folder.Saves, 1);
        Assert.True(game.IsResumed);
        Assert.Contains("another backbone", game.Notice);
        Assert.Equal("a heart that zigzags", game.Grimoire.Pages[1].Words);
        Assert.Equal(2, game.Grimoire.Pages[1].Drawings.Count);
        Assert.Equal(game.Grimoire.Pages.Select(p => p.Name), game.Grimoire.Book.Names);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1,2")]
    [InlineData("{\"Version\":7,\"Duels\":0,\"Best\":0,\"Won\":false,\"Pages\":[]}")]
    [InlineData("{\"Version\":1,\"Duels\":-1,\"Best\":0,\"Won\":false,\"Pages\":null}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[null,null]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\",\"Words\":\"b\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[[[1]]]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[null,{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\\u200B\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\",\"Words\":\"\\u200B\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\\ud83c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":2147483647,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    public void A_damaged_journal_costs_the_drawings_alone(string text)
    {
        float[] before = new float[Grimoire.MostSpells], after = new float[Grimoire.MostSpells];
        Played(before);
        File.WriteAllText(folder.Saves.Journal, text);
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.True(game.IsResumed);
        Assert.Contains("journal could not be read", game.Notice);
        Assert.Equal("a heart that zigzags", game.Grimoire.Pages[1].Words);
        Assert.Empty(game.Grimoire.Pages[1].Drawings);
        game.Grimoire.Cast(GameBook.Sigil(3), after);
        Assert.Equal(before, after);
    }

    [Fact]
    public void Where_all_is_damaged_a_new_book_begins_and_the_old_is_kept()
    {
        Played(new float[Grimoire.MostSpells]);
        File.Delete(folder.Saves.Spells + AdaptiveClassifier.PreviousSuffix);
        File.WriteAllText(folder.Saves.Spells, "nothing");
        File.WriteAllText(folder.Saves.Journal, "nothing");
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.False(game.IsResumed);
        Assert.Contains("new book begins", game.Notice);
        Assert.Equal(SpellSets.First.Select(s => s.Name), game.Grimoire.Pages.Select(p => p.Name));
        Assert.Equal("nothing", File.ReadAllText(folder.Saves.Spells + ".damaged"));
        Assert.Equal(default, game.Progress);
        Assert.True(game.Save());
    }

    [Theory]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[null,{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\\u200B\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\",\"Words\":\"\\u200B\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":1,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\\ud83c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    [InlineData("{\"Version\":1,\"Duels\":2147483647,\"Best\":0,\"Won\":false,\"Pages\":[{\"Name\":\"a\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]},{\"Name\":\"c\",\"Words\":\"d\",\"Casts\":0,\"Misread\":0,\"Confidence\":[],\"Drawings\":[]}]}")]
    public void Without_a_book_a_damaged_journal_begins_a_new_one(string text)
    {
        File.WriteAllText(folder.Saves.Journal, text);
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.False(game.IsResumed);
        Assert.Contains("and so is the journal", game.Notice);
        Assert.Equal(SpellSets.First.Select(s => s.Name), game.Grimoire.Book.Names);
        game.BeginDuel();
        Assert.Equal(1, game.Bout!.Duel.Number);
    }

    [Fact]
    public void A_journal_that_is_not_there_is_not_called_damaged()
    {
        File.WriteAllText(folder.Saves.Spells, "nothing");
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.False(game.IsResumed);
        Assert.Contains("there is no journal", game.Notice);
    }

    [Fact]
    public void A_save_of_another_game_is_not_this_game()
    {
        using (Spellbook book = GameBook.Open())
        {
            for (int i = 0; i < 30; i++) book.Describe($"class {i}", "a circle");
            book.Save(folder.Saves.Spells);
        }
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.False(game.IsResumed);
        Assert.Equal(8, game.Grimoire.Pages.Count);
        Assert.Equal(8, game.Grimoire.Book.Names.Count);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_a_sentence()
    {
        string file = Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "");
        using Game game = GameBook.NewGame(new SaveFolder(Path.Combine(file, "below")));
        Assert.False(game.Save());
        Assert.Contains("could not be put away", game.Notice);
    }

    /// <summary>A game with two misreadings, one rewritten spell and a lost duel, saved twice.</summary>
    private void Played(float[] probabilities)
    {
        using Game game = GameBook.NewGame(folder.Saves);
        Assert.True(game.Save());
        foreach (int seed in new[] { 1, 2 }) game.Grimoire.Correct(game.Grimoire.Cast(GameBook.Sigil(3, seed)), 1, 0.1f);
        Assert.Null(game.Grimoire.Rewrite(1, "a heart that zigzags"));
        game.Grimoire.Book.LearnAll();
        game.BeginDuel();
        GameBook.Tick(game, 60 * Duel.TicksPerSecond);
        Assert.Equal(Page.Verdict, game.Page);
        game.Grimoire.Cast(GameBook.Sigil(3), probabilities);
        Assert.True(game.Save());
    }

    private static void Damage(string file, int kept)
    {
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..Math.Min(kept, bytes.Length - 1)]);
    }
}
