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
}
