namespace OnDeviceLearning.Tests.Classification;

/// <summary>Names are the player's own: any script, but no two that a player could not tell apart.</summary>
public class ClassNamesTests
{
    [Theory]
    [InlineData("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645")] // Persian, with a non-joiner
    [InlineData("\u0915\u094D\u200D\u0937")] // Devanagari, with a joiner
    [InlineData("\U0001F469\u200D\U0001F469\u200D\U0001F467")] // a family
    [InlineData("\U0001F3F3\uFE0F\u200D\U0001F308")] // a flag of six colours
    public void Joiners_inside_a_word_are_kept(string name)
    {
        using AdaptiveClassifier classifier = new SyntheticWorld(63).Describe();
        classifier.AddClass(name);
        Assert.Equal(name, classifier.Classes[^1]);
    }

    [Theory]
    [InlineData("\u200Dward")]
    [InlineData("ward\u200C")]
    [InlineData("wa\u200C\u200Drd")]
    [InlineData("two \u200Dwords")]
    [InlineData("wa\u202Erd")] // turns the direction
    [InlineData("wa\u200Brd")]
    [InlineData("wa\trd")]
    [InlineData("wa\uFFFErd")] // no character
    public void What_only_hides_a_difference_is_refused(string name)
    {
        using AdaptiveClassifier classifier = new SyntheticWorld(63).Describe();
        Assert.Contains("invisible character U+", Assert.Throws<ArgumentException>(() => classifier.AddClass(name)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" ward")]
    [InlineData("ward ")]
    [InlineData("w\u200Card")]
    [InlineData(" \u00A0 ward")]
    public void A_name_that_looks_like_anothers_is_refused_until_that_one_is_gone(string name)
    {
        using AdaptiveClassifier classifier = new SyntheticWorld(63).Describe();
        classifier.AddClass("ward");
        Refused(() => classifier.AddClass(name));
        Refused(() => classifier.Describe(name, "d0"));
        Refused(() => classifier.Rename("c0", name));
        Assert.Equal(9, classifier.Classes.Count);
        classifier.Rename("ward", name); // its own
        Refused(() => classifier.AddClass("ward"));
        classifier.Remove(name);
        classifier.AddClass("ward");

        static void Refused(Action call) => Assert.Contains("looks the same as", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
    }
}
