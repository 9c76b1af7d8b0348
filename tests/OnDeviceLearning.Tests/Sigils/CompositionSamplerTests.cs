using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Tests.Sigils;

public class CompositionSamplerTests
{
    private static IEnumerable<Composition> Samples(int count, int seed = 1)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++) yield return CompositionSampler.Sample(random);
    }

    [Fact]
    public void SamplesAreLegalAndUseTheWholeLanguage()
    {
        Composition[] samples = [.. Samples(5000)];
        Assert.All(samples, c => Assert.True(CompositionSampler.IsLegal(c), c.ToString()));
        Assert.Equal(Enum.GetValues<Primitive>().Length, samples.SelectMany(c => c.Terms).Select(t => t.Primitive).Distinct().Count());
        Assert.Equal(Enum.GetValues<Style>().Length, samples.SelectMany(c => c.Terms).Select(t => t.Style).Distinct().Count());
        Assert.Equal(Enum.GetValues<Relation>().Length, samples.OfType<Pair>().Select(p => p.Relation).Distinct().Count());
        Assert.Equal([1, 2, 3], samples.Select(c => c.Terms.Count()).Distinct().Order());
    }

    [Fact]
    public void SameSeedSameCompositions() => Assert.Equal(Samples(200, 7), Samples(200, 7));

    [Fact]
    public void AboutASeventhIsHeldOutButNoPlainShape()
    {
        string[] different = [.. Samples(20_000).Where(c => c is not Term { Count: 1, Style: Style.Plain }).Select(c => c.ToString()!).Distinct()];
        double share = different.Count(text => CompositionSampler.IsHeldOut(Composition.Parse(text))) / (double)different.Length;
        Assert.InRange(share, 0.13, 0.17);
        Assert.All(Enum.GetValues<Primitive>(), p => Assert.False(CompositionSampler.IsHeldOut(new Term(p))));
    }

    // The split is part of every shipped backbone's meaning: these were never trained on.
    [Theory]
    [InlineData("inside(fish, diamond)", true)]
    [InlineData("above(key, zigzag)", true)]
    [InlineData("above(zigzag, key)", true)]
    [InlineData("around(cross*8, arrow)", true)]
    [InlineData("star", false)]
    public void TheSplitNeverMoves(string text, bool heldOut) => Assert.Equal(heldOut, CompositionSampler.IsHeldOut(Composition.Parse(text)));

    [Fact]
    public void DistractorsAreLegalAndDifferent()
    {
        var random = new Random(2);
        foreach (Composition c in Samples(1000, 3))
        {
            Composition other = CompositionSampler.Distractor(c, random);
            Assert.NotEqual(c.ToString(), other.ToString());
            Assert.True(CompositionSampler.IsLegal(other), $"{other} for {c}");
        }
    }

    [Fact]
    public void DistractorsOfAKindDifferInThatAlone()
    {
        var random = new Random(4);
        var met = new HashSet<DistractorKind>();
        foreach (Composition c in Samples(600, 5))
            foreach (DistractorKind kind in Enum.GetValues<DistractorKind>())
            {
                if (CompositionSampler.Distractor(c, kind, random) is not { } other) continue;
                met.Add(kind);
                Assert.NotEqual(c, other);
                Assert.True(CompositionSampler.IsLegal(other), $"{kind}: {other} for {c}");
                Term[] before = [.. c.Terms], after = [.. other.Terms];
                if (kind == DistractorKind.TermDropped) Assert.NotEqual(before.Length, after.Length);
                else Assert.Equal(before.Length, after.Length);
                if (kind is DistractorKind.OtherCount or DistractorKind.OtherStyle or DistractorKind.OtherPrimitive)
                    Assert.Single(before.Zip(after), pair => pair.First != pair.Second);
                if (kind == DistractorKind.SwappedRoles)
                    Assert.Equal(before.Select(t => t.Primitive).Order(), after.Select(t => t.Primitive).Order());
            }
        Assert.Equal(Enum.GetValues<DistractorKind>().Length, met.Count);
    }

    [Theory]
    [InlineData("inside(circle, line)")]
    [InlineData("inside(circle, filled square)")]
    [InlineData("left(star, star)")]
    [InlineData("above(small star, eye)")]
    [InlineData("above(small star, small eye)")]
    [InlineData("around(dot*2, heart)")]
    [InlineData("crossing(circle, heart)")]
    [InlineData("star*3")]
    [InlineData("star*8@row")]
    [InlineData("star*2@cluster")]
    [InlineData("dashed key")]
    [InlineData("above(left(star, eye), left(key, drop))")]
    public void KnowsWhatIsIllegal(string text) => Assert.False(CompositionSampler.IsLegal(Composition.Parse(text)));
}
