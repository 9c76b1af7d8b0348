using System.Text.Json;
using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public class TourTests
{
    [Fact]
    public void OptionsAreRead()
    {
        string file = typeof(TourTests).Assembly.Location;
        Assert.True(TourOptions.TryParse(["--json", "--device", "cpu", "--seed", "7", "--out", "a.png", "--backbone", file], out TourOptions? options, out _));
        Assert.True(options.Json);
        Assert.Equal(GameDevice.Cpu, options.Device);
        Assert.Equal(7, options.Seed);
        Assert.Equal("a.png", options.Out);
        Assert.Equal(file, options.Backbone);
    }

    [Theory]
    [InlineData("--fast", "'--fast'")]
    [InlineData("--seed", "--seed needs a value")]
    [InlineData("--seed -1", "'-1'")]
    [InlineData("--device gpu", "'gpu'")]
    [InlineData("--backbone nowhere.safetensors", "'nowhere.safetensors'")]
    [InlineData("--out nowhere/x.png", "'nowhere/x.png'")]
    [InlineData("--out .", "'.'")]
    public void WrongOptionsGetASentence(string line, string part)
    {
        Assert.False(TourOptions.TryParse(line.Split(' '), out TourOptions? options, out string? complaint));
        Assert.Null(options);
        Assert.Contains(part, complaint);
    }

    [Fact]
    public void EverySetHasEightDifferentSpells()
    {
        foreach (Spell[] spells in new[] { SpellSets.First, SpellSets.Second, SpellSets.Vague, SpellSets.Mixed })
        {
            Assert.Equal(8, spells.Select(s => s.Name).Distinct().Count());
            Assert.Equal(8, spells.Select(s => s.Description).Distinct().Count());
            Assert.Equal(8, spells.Select(s => s.Sigil).Distinct().Count());
        }
    }

    [Fact]
    public void TheSamePlayerDrawsTheSame()
    {
        Drawing first = new ScriptedPlayer(3, Hand.Sloppy).Draw(SpellSets.Second[0]);
        Drawing again = new ScriptedPlayer(3, Hand.Sloppy).Draw(SpellSets.Second[0]);
        Assert.Equal(first.Strokes.SelectMany(s => s), again.Strokes.SelectMany(s => s));
    }

    [Fact]
    public void TheTourEndsInOneJsonObject()
    {
        Assert.True(TourOptions.TryParse(["--device", "cpu", "--backbone", GameBook.Backbone], out TourOptions? options, out _));
        var tour = new Tour(options, isPaced: false);
        using (tour.Play())
        {
            using var text = new StringWriter();
            Account.WriteJson(tour, text);
            using JsonDocument json = JsonDocument.Parse(text.ToString());
            JsonElement root = json.RootElement;
            foreach (string field in new[] { "zeroShotAccuracy", "confusableBefore", "confusableAfter", "classes", "adaptBudgetMs", "adaptP50Ms", "adaptP99Ms", "managedBytesPerFrame", "coldStartMs" })
                Assert.Equal(JsonValueKind.Number, root.GetProperty(field).ValueKind);
            Assert.Equal(tour.Device, root.GetProperty("device").GetString());
            Assert.Equal(["careful", "sloppy", "bad describer", "rewriter"], root.GetProperty("players").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
            foreach (JsonElement player in root.GetProperty("players").EnumerateArray())
            {
                Assert.Equal(3, player.GetProperty("duels").GetArrayLength());
                foreach (JsonElement duel in player.GetProperty("duels").EnumerateArray())
                    Assert.Equal(duel.GetProperty("right").GetInt32() / (double)duel.GetProperty("casts").GetInt32(), duel.GetProperty("accuracy").GetDouble(), 3);
            }
            Assert.Equal(root.GetProperty("zeroShotAccuracy").GetDouble(), root.GetProperty("players")[0].GetProperty("duels")[0].GetProperty("accuracy").GetDouble());
            Assert.True(root.GetProperty("confusableAfter").GetDouble() > root.GetProperty("confusableBefore").GetDouble());
            using var account = new StringWriter();
            Account.Write(tour, account);
            Assert.Contains("bad describer", account.ToString());
        }
    }

    [Fact]
    public void TheSamePlayerPlaysTheSameDuels()
    {
        string Play()
        {
            using Spellbook book = GameBook.Open(7);
            var game = new ScriptedGame(new Grimoire(book), PlayerScript.All[3], seed: 7);
            game.Describe();
            for (int d = 0; d < 2; d++) game.Duel();
            Assert.Equal(SpellSets.RewrittenWords, game.Grimoire.Pages[SpellSets.RewrittenIndex].Words);
            return string.Join("; ", game.Duels);
        }
        Assert.Equal(Play(), Play());
    }
}
