using OnDeviceLearning.Text;

namespace OnDeviceLearning.Tests.Text;

public class TextTokenizerTests
{
    private static readonly TextTokenizer Tokenizer = TextTokenizer.Parse(TinyBackbone.Tokenizer());

    [Theory]
    [InlineData("a star in", "a star in")]
    [InlineData("  Two\tSTARS\r\n in 12  ", "two stars in 12")]
    [InlineData("ｓｔａｒ ﬁsh", "star fish")]
    [InlineData("star\u200B-\u00ADin", "star - in")]
    public void EncodingRoundTripsToTheNormalisedText(string text, string expected) => Assert.Equal(expected, Tokenizer.Decode(Tokenizer.Encode(text)));

    [Fact]
    public void MergesAndWordEndsAreApplied()
    {
        // <s>, in</w>, </s>: one piece thanks to the merge that knows the word's end.
        int[] whole = Tokenizer.Encode("in");
        Assert.Equal(3, whole.Length);
        // "inn": the merge inside a word, then n</w>.
        int[] longer = Tokenizer.Encode("inn");
        Assert.Equal(4, longer.Length);
        Assert.NotEqual(whole[1], longer[1]);
        Assert.Equal(1, whole[0]);
        Assert.Equal(2, whole[^1]);
    }

    [Fact]
    public void WordsDigitsAndPunctuationAreSplit() => Assert.Equal("3 x , - 4", Tokenizer.Decode(Tokenizer.Encode("3x,-4")));

    [Fact]
    public void SplitGivesTheWordsThatAreEncoded() =>
        Assert.Equal(["a", "5", "-", "pointed", "star", ",", "it", "'", "s", "🔥", "big", "é\u0301"], TextTokenizer.Split("A 5-pointed\nSTAR, it’s 🔥big é\u0301"));

    [Fact]
    public void WhatCannotBeSpeltIsOneUnknownTokenAWord() => Assert.Equal([1, 0, 2], Tokenizer.Encode("漢字"));

    [Fact]
    public void SpecialPiecesInTheTextAreNotSpecial()
    {
        int[] ids = Tokenizer.Encode("</s>");
        Assert.DoesNotContain(2, ids[1..^1]);
        Assert.DoesNotContain(1, ids[1..^1]);
    }

    [Fact]
    public void LongTextsAreCutBeforeTheEndToken()
    {
        int[] ids = Tokenizer.Encode(string.Join(' ', Enumerable.Repeat("star", 30)));
        Assert.Equal(Tokenizer.MaxTokens, ids.Length);
        Assert.Equal(2, ids[^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\u200B ")]
    public void TextWithoutWordsIsRefused(string text) => Assert.Throws<ArgumentException>(() => Tokenizer.Encode(text));

    [Theory]
    [InlineData("\"kind\":\"bpe\"", "\"kind\":\"unigram\"", "kind")]
    [InlineData("\"maxTokens\":20", "\"maxTokens\":2", "maxTokens")]
    [InlineData("\"maxTokens\":20", "\"maxTokens\":-1", "maxTokens")]
    [InlineData("\"unknown\":\"<unk>\"", "\"unknown\":\"?\"", "unknown")]
    [InlineData("\"start\":\"<s>\"", "\"start\":\"[s]\"", "start")]
    [InlineData("\"i n\"", "\"i  n\"", "merge 0")]
    [InlineData("\"i n\"", "\"i q\"", "'iq'")]
    [InlineData("\"i n\"", "7", "merge 0")]
    [InlineData("\"in\":", "\"i\":", "'i'")]
    [InlineData("\"in\":79", "\"in\":78", "78")]
    [InlineData("\"in\":79", "\"in\":79,\"\\ud800\":80", "Unicode")]
    [InlineData("\"in\":79", "\"in\":2000000000", "2000000000")]
    [InlineData("\"in\":79", "\"in\":\"79\"", "79")]
    [InlineData("\"merges\"", "\"murges\"", "merges")]
    [InlineData("\"lowercase\":true", "\"lowercase\":1", "lowercase")]
    [InlineData("{", "{{", "JSON")]
    public void MalformedDescriptionsAreRefused(string part, string replacement, string expected)
    {
        string json = TinyBackbone.Tokenizer();
        Assert.Contains(part, json);
        int at = json.IndexOf(part, StringComparison.Ordinal);
        var error = Assert.Throws<ModelFormatException>(() => TextTokenizer.Parse(json[..at] + replacement + json[(at + part.Length)..]));
        Assert.Contains(expected, error.Message);
        Assert.Contains("odl.tokenizer", error.Message);
    }

    [Fact]
    public void EncodingIsSafeFromManyThreads()
    {
        int[] expected = Tokenizer.Encode("two stars in 12");
        Parallel.For(0, 200, i =>
        {
            Tokenizer.Encode($"star {i}");
            Assert.Equal(expected, Tokenizer.Encode("two stars in 12"));
        });
    }
}
