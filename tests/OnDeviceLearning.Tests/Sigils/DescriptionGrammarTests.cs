using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Tests.Sigils;

public class DescriptionGrammarTests
{
    private const int MostWords = 40, MostCharacters = 400;

    [Theory]
    [InlineData(PhraseSplit.Training)]
    [InlineData(PhraseSplit.HeldOut)]
    public void DescriptionsAreShortPlainAndNeverEmpty(PhraseSplit split)
    {
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            Composition c = CompositionSampler.Sample(random);
            string text = DescriptionGrammar.Describe(c, random, split);
            Assert.False(string.IsNullOrWhiteSpace(text), c.ToString());
            Assert.InRange(text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, 1, MostWords + 4);
            Assert.InRange(text.Length, 1, MostCharacters);
            Assert.DoesNotContain(text, char.IsControl);
            Assert.DoesNotContain("%", text);
            Assert.DoesNotContain("{", text);
            Assert.DoesNotContain("  ", text);
            Assert.Equal(text, text.Trim());
        }
    }

    [Fact]
    public void SplitsShareNoDescription()
    {
        var random = new Random(2);
        foreach (string canonical in (string[])["inside(star, circle)", "above(crown, eye)", "left(key, drop)", "around(dot*6, heart)", "zigzag*3@row"])
        {
            Composition c = Composition.Parse(canonical);
            HashSet<string> trained = Many(PhraseSplit.Training), heldOut = Many(PhraseSplit.HeldOut);
            int shared = trained.Count(heldOut.Contains);
            Assert.True(shared * 50 <= heldOut.Count, $"{shared} of {heldOut.Count} held-out descriptions of {c} are also among {trained.Count} trained ones.");

            HashSet<string> Many(PhraseSplit split) =>
                [.. Enumerable.Range(0, 2000).Select(_ => DescriptionGrammar.Describe(c, random, split).ToLowerInvariant().TrimEnd('.'))];
        }
    }

    [Fact]
    public void SameSeedSameWords()
    {
        Composition c = Composition.Parse("above(crown, inside(eye, triangle))");
        foreach (PhraseSplit split in Enum.GetValues<PhraseSplit>())
            Assert.Equal(DescriptionGrammar.Describe(c, new Random(5), split), DescriptionGrammar.Describe(c, new Random(5), split));
    }

    [Fact]
    public void OneThingIsSaidInManyWays()
    {
        var random = new Random(3);
        Composition c = Composition.Parse("inside(star, circle)");
        Assert.True(Enumerable.Range(0, 1000).Select(_ => DescriptionGrammar.Describe(c, random)).Distinct().Count() > 800);
    }

    [Fact]
    public void WordCountsCountLowerCaseWords()
    {
        IReadOnlyDictionary<string, int> counts = DescriptionGrammar.WordCounts(2000, 1, CompositionSampler.Sample);
        Assert.True(counts["circle"] > 20);
        Assert.True(counts["inside"] > 20);
        Assert.All(counts.Keys, word => Assert.Equal(word.ToLowerInvariant(), word));
    }
}
