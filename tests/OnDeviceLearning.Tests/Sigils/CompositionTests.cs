using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Tests.Sigils;

public class CompositionTests
{
    [Fact]
    public void TextAndBackIsTheSame()
    {
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            Composition c = CompositionSampler.Sample(random);
            string text = c.ToString()!;
            Composition back = Composition.Parse(text);
            Assert.Equal(c, back);
            Assert.Equal(text, back.ToString());
        }
    }

    [Theory]
    [InlineData("above(crown, inside(eye, doubled triangle))", 3)]
    [InlineData("around(dot*6, heart)", 2)]
    [InlineData("small filled star", 1)]
    [InlineData("zigzag*3@cluster", 1)]
    [InlineData("ABOVE(Crown,Eye)", 2)]
    public void ReadsCanonicalText(string text, int terms) => Assert.Equal(terms, Composition.Parse(text).Terms.Count());

    [Theory]
    [InlineData("")]
    [InlineData("blob")]
    [InlineData("red star")]
    [InlineData("star*1")]
    [InlineData("star*9")]
    [InlineData("star*x")]
    [InlineData("star*3@circle")]
    [InlineData("beside(star, moon)")]
    [InlineData("above(star)")]
    [InlineData("above(star, eye")]
    [InlineData("above(star, eye))")]
    [InlineData("above(, eye)")]
    [InlineData("star, eye")]
    public void RefusesOtherTextAndQuotesIt(string text)
    {
        var error = Assert.Throws<FormatException>(() => Composition.Parse(text));
        Assert.Contains("position", error.Message);
        Assert.Contains($"'{text}'", error.Message);
    }
}
