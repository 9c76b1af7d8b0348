using OnDeviceLearning.Text;

namespace OnDeviceLearning.Tests.Text;

public class DescriptionReaderTests
{
    private static readonly TextTokenizer Tokenizer = TextTokenizer.Parse(TinyBackbone.Tokenizer(maxTokens: 24));

    private static readonly WordList Words = WordList.Parse(
        """
        {"circle":5000,"square":800,"star":1000,"heart":900,"bolt":1000,"lightning":20000,"triangle":1000,"hexagon":700,"diamond":800,
         "inside":9000,"dashed":400,"three":2000,"cherry":300,"leaf":500,"spin":100,"trace":100,"rare":1,"never":0,"lines":1000,"limes":900,
         "7":1000,"key":1000,"box":1000}
        """);

    [Theory]
    [InlineData("circle", null)]
    [InlineData("cirlce", "circle")]
    [InlineData("circel", "circle")]
    [InlineData("cicle", "circle")]
    [InlineData("icrcle", "circle")]
    [InlineData("hart", "heart")]
    [InlineData("dimond", "diamond")]
    [InlineData("lightening", "lightning")]
    [InlineData("lihgtnign", "lightning")]
    [InlineData("traingle", "triangle")]
    [InlineData("satr", "star")]
    [InlineData("circles", "circle")]
    [InlineData("cherries", "cherry")]
    [InlineData("leaves", "leaf")]
    [InlineData("boxes", "box")]
    [InlineData("dash", "dashed")]
    [InlineData("spinning", "spin")]
    [InlineData("tracing", "trace")]
    [InlineData("starry", "star")]
    [InlineData("3", "three")]
    [InlineData("03", "three")]
    [InlineData("seven", "7")]
    public void KnownInOneWayOrAnother(string written, string? readAs)
    {
        WordReading reading = Words.Read(written);
        Assert.Equal(readAs, reading.ReadAs);
        Assert.InRange(reading.Certainty, 0.1, 1);
        Assert.Equal(written, reading.Word);
    }

    [Theory]
    [InlineData("boat")] // one letter from bolt: another word, not an error
    [InlineData("ster")]
    [InlineData("cat")]
    [InlineData("ring")]
    [InlineData("dragon")]
    [InlineData("lives")] // as near to "lines" as to "limes"
    [InlineData("never")]
    [InlineData("1234567890123")]
    [InlineData("étoile")]
    public void NotUnderstood(string written)
    {
        WordReading reading = Words.Read(written);
        Assert.Equal(0, reading.Certainty);
        Assert.Null(reading.ReadAs);
    }

    [Fact]
    public void CertaintyGrowsWithTheCountAndFallsWithTheErrors()
    {
        Assert.Equal(1, Words.Read("circle").Certainty);
        Assert.True(Words.Read("rare").Certainty < Words.Read("spin").Certainty);
        Assert.True(Words.Read("spin").Certainty < Words.Read("square").Certainty);
        Assert.True(Words.Read("circles").Certainty < Words.Read("circle").Certainty);
        Assert.True(Words.Read("cirlce").Certainty < Words.Read("circles").Certainty);
        Assert.True(Words.Read("lihgtnign").Certainty < Words.Read("lightening").Certainty);
    }

    [Theory]
    [InlineData("a circle", 1)]
    [InlineData("the CIRCLE, of the Circle!", 1)]
    [InlineData("flurble grommet", 0)]
    [InlineData("of the", 0)]
    [InlineData("!!!", 0)]
    [InlineData("🔥", 0)]
    [InlineData("🔥 circle", 0.5)]
    [InlineData("круг circle", 0.5)]
    [InlineData("cir\u0000cle", 0)]
    public void UnderstoodIsTheMeanOfTheWordsThatMean(string text, double expected) =>
        Assert.Equal(expected, Read(text).Reading.Understood, 1e-9);

    [Fact]
    public void TheCorrectedTextIsEncoded()
    {
        Assert.Equal(Read("a circle in three star").Ids, Read("a cirlce in 3  STAR").Ids);
        Assert.Equal(Read("circle, lightning").Ids, Read("Cirlce, lightening").Ids);
    }

    [Fact]
    public void WordsAreListedInOrder()
    {
        DescriptionReading reading = Read("A cirlce - inside the dragon").Reading;
        Assert.Equal(["a", "cirlce", "inside", "the", "dragon"], reading.Words.Select(w => w.Word));
        Assert.Equal([null, "circle", null, null, null], reading.Words.Select(w => w.ReadAs));
    }

    [Fact]
    public void WordsBeyondTheCapAreNotUnderstood()
    {
        DescriptionReading reading = Read("star star star star star star star star").Reading;
        Assert.Equal(1, reading.Words[0].Certainty);
        Assert.Equal(0, reading.Words[^1].Certainty);
        Assert.InRange(reading.Understood, 0.3, 0.9);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2001)]
    [InlineData(10_000)]
    public void LengthsAreNamed(int length)
    {
        var error = Assert.Throws<ArgumentException>(() => Read(new string('a', length)));
        Assert.Contains($"{length} characters", error.Message);
        Assert.Contains("2000", error.Message);
    }

    [Fact]
    public void BlankAndControlCharactersAloneAreRefused() => Assert.Throws<ArgumentException>(() => Read(" \t\u0001\u200B\r\n"));

    [Fact]
    public void AnyTextIsReadOrRefused()
    {
        var random = new Random(5);
        for (int round = 0; round < 500; round++)
        {
            char[] text = new char[random.Next(1, 60)];
            for (int i = 0; i < text.Length; i++) text[i] = (char)random.Next(random.Next(2) == 0 ? 0x180 : 0x10000);
            try
            {
                (int[] ids, DescriptionReading reading) = Read(new string(text));
                Assert.InRange(ids.Length, 1, 24);
                Assert.InRange(reading.Understood, 0, 1);
            }
            catch (ArgumentException)
            {
            }
        }
    }

    [Theory]
    [InlineData("circle", "circle", 0)]
    [InlineData("circle", "cirlce", 1)]
    [InlineData("abc", "", 3)]
    [InlineData("ca", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void EditDistances(string a, string b, int expected)
    {
        Assert.Equal(expected, EditDistance.Between(a, b, 5));
        Assert.Equal(expected, EditDistance.Between(b, a, 5));
        if (expected > 1) Assert.Equal(2, EditDistance.Between(a, b, 1));
    }

    [Theory]
    [InlineData("""{"a":-1}""")]
    [InlineData("""{"a":1.5}""")]
    [InlineData("""{"a":"1"}""")]
    [InlineData("""{"a":1,"A":2}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    public void MalformedWordListsAreRefused(string json) =>
        Assert.Contains("odl.words", Assert.Throws<ModelFormatException>(() => WordList.Parse(json)).Message);

    private static (int[] Ids, DescriptionReading Reading) Read(string text)
    {
        int[] ids = new DescriptionReader(Tokenizer, Words).Read(text, out DescriptionReading reading);
        return (ids, reading);
    }
}
