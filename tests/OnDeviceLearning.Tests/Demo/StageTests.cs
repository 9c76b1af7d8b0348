using System.Numerics;
using System.Security.Cryptography;
using OnDeviceLearning.Demo;
using SkiaSharp;

namespace OnDeviceLearning.Tests.Demo;

public sealed class StageTests
{
    public static TheoryData<int, int> Sizes => new() { { 1280, 720 }, { 640, 480 }, { 3840, 2160 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_page_is_drawn_and_none_is_like_another(int width, int height)
    {
        using Game game = GameBook.NewGame();
        using var stage = new Stage();
        var seen = new Dictionary<string, string>(); // by their digest: pictures of this size are large
        Look("title");
        GameBook.Press(game, GameKey.Enter);
        GameBook.Tick(game, 40);
        Look("duel");
        int meant = game.Bout!.Duel.Rivals[0].Spell, drawn = (meant + 1) % 8;
        GameBook.Draw(game, GameBook.Sigil(drawn), new Vector2(640, 330), 180);
        Look("ink");
        GameBook.Press(game, GameKey.Enter);
        Look("read");
        game.Type($"{meant + 1}");
        GameBook.Tick(game, 10);
        Look("corrected");
        GameBook.Press(game, GameKey.Overlay);
        game.Frame(0.016);
        Look("overlay");
        GameBook.Press(game, GameKey.Overlay, GameKey.Left);
        Look("brush");
        GameBook.Press(game, GameKey.Escape);
        Look("pause");
        GameBook.Press(game, GameKey.Escape);
        GameBook.Tick(game, 200 * Duel.TicksPerSecond);
        Assert.Equal(Page.Verdict, game.Page);
        Look("verdict");
        game.OpenBook();
        GameBook.Tick(game, 40);
        Look("book");
        GameBook.Press(game, GameKey.Enter);
        game.Type(" of sphinxes");
        Look("edit");
        game.Type(new string('x', 5_000));
        Look("notice");
        GameBook.Press(game, GameKey.Escape);
        game.Type("n");
        Look("new name");

        void Look(string what)
        {
            using SKBitmap picture = stage.Picture(width, height, game);
            byte[] pixels = picture.GetPixelSpan().ToArray();
            Assert.True(ColoursIn(pixels) > 200, $"{what}: blank");
            string digest = Convert.ToHexString(SHA256.HashData(pixels));
            Assert.False(seen.TryGetValue(digest, out string? other), $"{what} looks like {other}");
            seen.Add(digest, what);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 500)]
    [InlineData(2000, 30)]
    public void Strange_sizes_do_no_harm(int width, int height)
    {
        using Game game = GameBook.NewGame();
        using var stage = new Stage();
        using SKBitmap title = stage.Picture(width, height, game);
        GameBook.Press(game, GameKey.Enter);
        GameBook.Tick(game, 30);
        using SKBitmap duel = stage.Picture(width, height, game);
        Assert.Equal(width, duel.Width);
    }

    [Fact]
    public void Long_names_and_words_in_any_script_are_drawn()
    {
        using Game game = GameBook.NewGame();
        using var stage = new Stage();
        Assert.Null(game.Grimoire.Add("Ωμέγα🌙", new string('w', Grimoire.LongestWords)));
        Assert.Null(game.Grimoire.Rewrite(0, "月の上の星 🌙 a ring"));
        game.OpenBook();
        GameBook.Tick(game, 30);
        foreach (int k in new[] { 0, 8 })
        {
            while (game.Selected != k) GameBook.Press(game, GameKey.Down);
            stage.Picture(640, 360, game).Dispose();
            GameBook.Press(game, GameKey.Enter);
            stage.Picture(640, 360, game).Dispose();
            GameBook.Press(game, GameKey.Escape);
        }
        game.BeginDuel();
        GameBook.Tick(game, 60);
        stage.Picture(640, 360, game).Dispose();
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_pixel_is_the_place_on_the_page_that_is_drawn_there(int width, int height)
    {
        Vector2 middle = Stage.ToPage(width / 2f, height / 2f, width, height);
        Assert.Equal(Game.Width / 2, middle.X, 2);
        Assert.Equal(Game.Height / 2, middle.Y, 2);
        float scale = Math.Min(width / Game.Width, height / Game.Height);
        Assert.Equal(middle.X + 100 / scale, Stage.ToPage(width / 2f + 100, height / 2f, width, height).X, 2);
    }

    [Fact]
    public void Caret_and_words_are_found_in_broken_lines()
    {
        using var lettering = new Lettering();
        const string text = "a ring with a bolt through it and a bolt";
        var block = new TextBlock(text, lettering.ItalicOf(26), 130);
        Assert.True(block.LineCount > 2);
        Assert.Equal(text, string.Concat(Enumerable.Range(0, block.LineCount).Select(i => block.Line(i).ToString())));
        Assert.Equal((0, 0f), block.Place(0));
        Assert.Equal(block.LineCount - 1, block.Place(text.Length).Line);
        var reading = new DescriptionReading(1, [new("ring", 1, null), new("bolt", 1, null), new("lost", 0, null), new("bolt", 1, null)]);
        Assert.Equal([text.IndexOf("ring", StringComparison.Ordinal), text.IndexOf("bolt", StringComparison.Ordinal), text.LastIndexOf("bolt", StringComparison.Ordinal)], TextBlock.Find(text, reading).Select(f => f.Start));
    }

    private static int ColoursIn(byte[] pixels)
    {
        var colours = new HashSet<int>();
        for (int i = 0; i + 3 < pixels.Length; i += 4 * 97) colours.Add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]);
        return colours.Count;
    }
}
