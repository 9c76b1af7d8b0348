using System.Numerics;
using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public sealed class GameTests
{
    private static readonly Vector2 middle = new(640, 330);

    [Fact]
    public void A_new_game_has_eight_spells_and_reads_them_without_an_example()
    {
        using Game game = GameBook.NewGame();
        Assert.False(game.IsResumed);
        Assert.Null(game.Notice);
        Assert.Equal(SpellSets.First.Select(s => s.Name), game.Grimoire.Pages.Select(p => p.Name));
        for (int s = 0; s < 8; s++) Assert.Equal(s, game.Grimoire.Cast(GameBook.Sigil(s)).Spell);
    }

    [Fact]
    public void A_sigil_drawn_by_pen_strikes_the_rival_it_undoes()
    {
        using Game game = GameBook.NewGame();
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(Page.Duel, game.Page);
        GameBook.Tick(game, 2);
        int meant = game.Bout!.Duel.Rivals[0].Spell;
        GameBook.Draw(game, GameBook.Sigil(meant), middle, 200);
        GameBook.Tick(game, 60);
        Assert.Equal(1, game.Bout.Duel.Struck);
        Assert.Equal(meant, game.Bout.Last!.Glimpse.Spell);
        Assert.True(game.Bout.Duel.Score > 0);
    }

    [Fact]
    public void One_key_mends_a_misreading_and_the_book_learns_it()
    {
        using Game game = GameBook.NewGame();
        GameBook.Press(game, GameKey.Enter);
        GameBook.Tick(game, 2);
        int meant = game.Bout!.Duel.Rivals[0].Spell, drawn = (meant + 1) % 8;
        // Somebody who draws one spell and means another.
        Drawing odd = GameBook.Sigil(drawn);
        GameBook.Draw(game, odd, middle, 200);
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(drawn, game.Bout.Last!.Glimpse.Spell);
        game.Type($"{meant + 1}");
        Assert.Equal(1, game.Bout.Corrections);
        Assert.Equal(1, game.Bout.Duel.Struck);
        SpellPage page = game.Grimoire.Pages[meant];
        Assert.Equal((1, 1), (page.Misread, page.Drawings.Count));
        float before = Sure(game.Grimoire, page.Drawings[0], meant);
        game.Grimoire.Book.LearnAll();
        Assert.True(Sure(game.Grimoire, page.Drawings[0], meant) > before);
        // Once is enough.
        game.Type($"{meant + 1}");
        Assert.Equal(1, game.Bout.Corrections);
        Assert.Contains("no cast to correct", game.Notice);
    }

    [Fact]
    public void A_game_can_be_played_with_the_keyboard_alone()
    {
        using Game game = GameBook.NewGame();
        GameBook.Press(game, GameKey.Down, GameKey.Up, GameKey.Enter);
        GameBook.Tick(game, 2);
        // A cross by arrows: two strokes, the brush travelling between them without ink.
        Hold(game, 20, GameKey.Left, GameKey.Up);
        game.KeyDown(GameKey.Space);
        Hold(game, 40, GameKey.Right, GameKey.Down);
        game.KeyUp(GameKey.Space);
        Hold(game, 40, GameKey.Up);
        GameBook.Tick(game, 200);
        Assert.Equal(0, game.Bout!.Casts);
        game.KeyDown(GameKey.Space);
        Hold(game, 40, GameKey.Left, GameKey.Down);
        game.KeyUp(GameKey.Space);
        Assert.Equal(2, game.Quill.Strokes.Count);
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(1, game.Bout.Casts);
        GameBook.Press(game, GameKey.Escape);
        Assert.Equal(Page.Pause, game.Page);
        GameBook.Press(game, GameKey.Down, GameKey.Enter);
        Assert.Equal(Page.Title, game.Page);
    }

    [Fact]
    public void The_brush_makes_the_rivals_wait()
    {
        using Game game = GameBook.NewGame(), other = GameBook.NewGame();
        foreach (Game g in new[] { game, other })
        {
            GameBook.Press(g, GameKey.Enter);
            if (g == other) GameBook.Press(g, GameKey.Left);
            GameBook.Tick(g, 120);
        }
        Assert.True(other.Bout!.Duel.Rivals[0].Distance > game.Bout!.Duel.Rivals[0].Distance);
    }

    [Fact]
    public void A_dot_or_nothing_is_a_sentence_and_the_duel_goes_on()
    {
        using Game game = GameBook.NewGame();
        GameBook.Press(game, GameKey.Enter, GameKey.Enter);
        Assert.Contains("no ink", game.Notice);
        game.PenDown(middle);
        game.PenUp();
        GameBook.Tick(game, 60);
        Assert.Contains("single dot", game.Notice);
        Assert.Equal(0, game.Bout!.Casts);
        Assert.Equal(Page.Duel, game.Page);
    }

    [Fact]
    public void Words_are_rewritten_read_while_they_are_typed_and_change_what_is_read()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(Page.Edit, game.Page);
        while (game.Draft.Length > 0) game.KeyDown(GameKey.Backspace);
        Assert.Null(game.DraftReading);
        game.Type("a sphinx over a snowflake");
        Assert.Contains(game.DraftReading!.Words, w => w.Word == "sphinx" && w.Certainty <= 0);
        Assert.Contains(game.DraftReading.Words, w => w.Word == "snowflake" && w.Certainty > 0.5);
        Assert.Equal(SpellSets.First[0].Description, game.Grimoire.Pages[0].Words);
        GameBook.Press(game, GameKey.Escape);
        Assert.Equal(SpellSets.First[0].Description, game.Grimoire.Pages[0].Words);

        float before = Sure(game.Grimoire, GameBook.Sigil(0), 0);
        GameBook.Press(game, GameKey.Enter);
        while (game.Draft.Length > 0) game.KeyDown(GameKey.Backspace);
        game.Type("two hearts");
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal("two hearts", game.Grimoire.Pages[0].Words);
        Assert.True(Sure(game.Grimoire, GameBook.Sigil(0), 0) < before);
    }

    [Fact]
    public void Five_thousand_letters_pasted_are_a_sentence_and_nothing_is_written()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        GameBook.Press(game, GameKey.Enter);
        game.Type(new string('o', 5_000));
        Assert.Contains("letters", game.Notice);
        Assert.Equal(SpellSets.First[0].Description, game.Draft);
        Assert.Equal(Page.Edit, game.Page);
    }

    [Fact]
    public void Spells_are_added_renamed_and_taken_out()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        game.Type("n");
        game.Type("Ward");
        GameBook.Press(game, GameKey.Enter);
        Assert.Contains("Ward already", game.Notice);
        foreach (char _ in "Ward") GameBook.Press(game, GameKey.Backspace);
        game.Type("Feast");
        GameBook.Press(game, GameKey.Enter);
        game.Type("qwrt zxcv");
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(9, game.Grimoire.Pages.Count);
        Assert.Equal("Feast", game.Grimoire.Pages[game.Selected].Name);
        Assert.Contains("understood nothing", game.Notice);
        game.Type("n");
        Assert.Contains("full", game.Notice);
        game.Type("r");
        game.Type("s");
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal("Feasts", game.Grimoire.Pages[8].Name);
        for (int i = 0; i < 8; i++) GameBook.Press(game, GameKey.Delete);
        Assert.Equal(Grimoire.FewestSpells, game.Grimoire.Pages.Count);
        Assert.Equal(game.Grimoire.Pages.Select(p => p.Name), game.Grimoire.Book.Names);
        Assert.Contains("fewer than", game.Notice);
    }

    [Fact]
    public void Letters_that_nobody_sees_are_left_out_or_a_sentence()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        game.Type("n");
        game.Type("\u200B\u202E");
        GameBook.Press(game, GameKey.Enter);
        Assert.Contains("needs a name", game.Notice);
        game.Type("Fe\u200Bast\u00AD");
        GameBook.Press(game, GameKey.Enter);
        game.Type("\u200B\uFE0F");
        GameBook.Press(game, GameKey.Enter);
        Assert.Contains("few words", game.Notice);
        game.Type("a circle");
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal("Feast", game.Grimoire.Book.Names[8]);
        // Not from the keyboard: the sentence, and nothing is changed.
        Assert.NotNull(game.Grimoire.Rename(8, "a\u200Bb"));
        Assert.NotNull(game.Grimoire.Rewrite(8, "\uFE0F"));
        Assert.Equal("Feast", game.Grimoire.Book.Names[8]);
    }

    [Fact]
    public void What_was_tried_in_the_book_is_taught_in_the_book_alone()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        GameBook.Draw(game, GameBook.Sigil(0), new Vector2(1081, 498), 150);
        GameBook.Tick(game, 60);
        Assert.NotNull(game.Trial);
        GameBook.Press(game, GameKey.Enter);
        Assert.Equal(Page.Edit, game.Page);
        game.Correct(2);
        Assert.Empty(game.Grimoire.Pages[2].Drawings);
        GameBook.Press(game, GameKey.Escape);
        Assert.NotNull(game.Trial);
        GameBook.Press(game, GameKey.Escape);
        Assert.Equal(Page.Title, game.Page);
        Assert.Null(game.Trial);
        game.Type("3");
        Assert.Empty(game.Grimoire.Pages[2].Drawings);
    }

    [Fact]
    public void An_engine_that_the_book_cannot_move_to_is_freed()
    {
        using var folder = new GameBook.Folder();
        string file = Path.Combine(folder.Path, "other.safetensors");
        File.WriteAllBytes(file, TinyBackbone.File());
        using Game game = GameBook.NewGame();
        ComputeDevice device = ComputeDevice.OpenCpu();
        var other = new Spellbook.Engine(device, Backbone.Load(file, device));
        Assert.Throws<ModelFormatException>(() => game.Grimoire.Book.MoveTo(other));
        Assert.Throws<ObjectDisposedException>(() => other.Backbone.Embed("a circle", new float[TinyBackbone.Width]));
        Assert.Equal(0, game.Grimoire.Cast(GameBook.Sigil(0)).Spell);
    }

    [Fact]
    public void A_held_key_repeats_while_writing()
    {
        using Game game = GameBook.NewGame();
        game.OpenBook();
        GameBook.Press(game, GameKey.Enter);
        int length = game.Draft.Length;
        game.KeyDown(GameKey.Backspace);
        GameBook.Tick(game, 45);
        game.KeyUp(GameKey.Backspace);
        Assert.InRange(length - game.Draft.Length, 4, 12);
        length = game.Draft.Length;
        GameBook.Tick(game, 60);
        Assert.Equal(length, game.Draft.Length);
    }

    [Fact]
    public void The_map_shows_what_drawings_are_taken_for()
    {
        using Game game = GameBook.NewGame();
        // Ward is drawn as Storm is: its row must say so.
        game.Grimoire.Correct(game.Grimoire.Cast(GameBook.Sigil(1)), 0, 0);
        game.OpenBook();
        GameBook.Tick(game, 60);
        Assert.True(game.Notes.IsCurrent);
        Assert.True(game.Notes.IsFromDrawings(0));
        Assert.False(game.Notes.IsFromDrawings(3));
        Assert.True(game.Notes[0, 1] > 0.9f, $"{game.Notes[0, 1]}");
        Assert.Equal(1, game.Notes[3, 3]);
    }

    [Fact]
    public void Losing_the_keyboard_pauses_a_duel()
    {
        using Game game = GameBook.NewGame();
        GameBook.Press(game, GameKey.Enter);
        GameBook.Tick(game, 5);
        game.LoseFocus();
        int ticks = game.Bout!.Duel.Ticks;
        GameBook.Tick(game, 30);
        Assert.Equal(Page.Pause, game.Page);
        Assert.Equal(ticks, game.Bout.Duel.Ticks);
        GameBook.Press(game, GameKey.Escape);
        Assert.Equal(Page.Duel, game.Page);
    }

    [Fact]
    public void A_device_that_is_not_there_is_a_sentence_and_the_book_stays()
    {
        if (OperatingSystem.IsWindows()) return;
        using Game game = GameBook.NewGame();
        game.SwitchDevice(GameDevice.DirectX12);
        Adopt(game);
        Assert.Contains("DirectX 12", game.Notice);
        Assert.Equal(DeviceKind.Cpu, game.Grimoire.Book.Kind);
        Assert.Equal(0, game.Grimoire.Cast(GameBook.Sigil(0)).Spell);
    }

    [Fact]
    public void Another_device_takes_over_with_nothing_lost() => Switch(GameDevice.Cpu);

    [VulkanFact]
    public void Vulkan_takes_over_with_nothing_lost() => Switch(GameDevice.Vulkan);

    private static void Switch(GameDevice to)
    {
        using Game game = GameBook.NewGame();
        for (int s = 0; s < 4; s++) game.Grimoire.Correct(game.Grimoire.Cast(GameBook.Sigil(s, 5)), s + 1, 0);
        game.Grimoire.Book.LearnAll();
        // One more that is not learnt yet moves too, and is learnt there.
        game.Grimoire.Correct(game.Grimoire.Cast(GameBook.Sigil(6, 5)), 7, 0);
        float[][] before = Probabilities(game);
        game.SwitchDevice(to);
        Adopt(game);
        Assert.Contains("Nothing was lost", game.Notice);
        float[][] after = Probabilities(game);
        for (int s = 0; s < 8; s++)
            for (int c = 0; c < 8; c++) Assert.Equal(before[s][c], after[s][c], 3);
        game.Grimoire.Book.LearnAll();
        Assert.True(Sure(game.Grimoire, GameBook.Sigil(6, 5), 7) > before[6][7]);
        Assert.Equal(5, game.Grimoire.Pages.Sum(p => p.Drawings.Count));
    }

    private static float[][] Probabilities(Game game) => [.. Enumerable.Range(0, 8).Select(s =>
    {
        float[] p = new float[Grimoire.MostSpells];
        game.Grimoire.Cast(GameBook.Sigil(s, 5), p);
        return p;
    })];

    private static void Adopt(Game game)
    {
        // Frames would learn meanwhile; what is compared is the moment of the move.
        for (int i = 0; i < 6_000 && game.IsSwitching; i++)
        {
            game.AdoptEngine();
            Thread.Sleep(10);
        }
        Assert.False(game.IsSwitching);
    }

    private static float Sure(Grimoire grimoire, Drawing drawing, int spell)
    {
        float[] p = new float[Grimoire.MostSpells];
        grimoire.Cast(drawing, p);
        return p[spell];
    }

    private static void Hold(Game game, int ticks, params GameKey[] keys)
    {
        foreach (GameKey key in keys) game.KeyDown(key);
        GameBook.Tick(game, ticks);
        foreach (GameKey key in keys) game.KeyUp(key);
    }
}
