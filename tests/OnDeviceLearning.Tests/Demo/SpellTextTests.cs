using OnDeviceLearning.Demo;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Tests.Demo;

/// <summary>The game complains of exactly the characters that the library refuses.</summary>
public sealed class SpellTextTests
{
    private static IEnumerable<char> Characters => Enumerable.Range(0, 0x10000).Select(c => (char)c).Where(c => !char.IsSurrogate(c));

    [Fact]
    public void A_name_is_refused_where_the_library_refuses_it()
    {
        using Spellbook book = GameBook.Open();
        string name = "xy";
        book.Describe(name, "a circle");
        int refused = 0;
        foreach (char c in Characters)
        {
            string next = $"x{c}y";
            if (SpellText.NameComplaint(next) is not null)
            {
                refused++;
                Assert.Throws<ArgumentException>(() => book.Rename(name, next));
                continue;
            }
            book.Rename(name, next);
            name = next;
        }
        Assert.InRange(refused, 65, 1_000);
    }

    [Fact]
    public void Words_are_refused_where_the_library_finds_them_blank()
    {
        foreach (char c in Characters)
            Assert.True(DescriptionText.Normalize($"{c}", lowercase: false).Length == 0 == SpellText.WordsComplaint($"{c}") is not null, $"U+{(int)c:X4}");
    }

    [Fact]
    public void Half_a_letter_is_refused()
    {
        Assert.NotNull(SpellText.NameComplaint("a\ud83c"));
        Assert.NotNull(SpellText.WordsComplaint("a\ud83c"));
        Assert.Null(SpellText.NameComplaint("a\ud83c\udf19"));
    }
}
