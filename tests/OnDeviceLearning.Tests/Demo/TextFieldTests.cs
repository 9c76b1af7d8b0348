using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public sealed class TextFieldTests
{
    [Fact]
    public void What_is_typed_goes_to_the_caret()
    {
        var field = new TextField(20);
        Assert.Null(field.Insert("ring"));
        field.Home();
        field.Insert("a ");
        Assert.Equal(("a ring", 2), (field.Text, field.Caret));
        field.Delete();
        field.Left();
        field.Backspace();
        Assert.Equal(" ing", field.Text);
        field.End();
        field.Right();
        Assert.Equal(4, field.Caret);
    }

    [Fact]
    public void Five_thousand_letters_are_refused_whole()
    {
        var field = new TextField(200);
        field.Set("a ring");
        string? complaint = field.Insert(new string('x', 5_000));
        Assert.Contains("5,006 letters", complaint);
        Assert.Contains("200", complaint);
        Assert.Equal("a ring", field.Text);
    }

    [Fact]
    public void Characters_are_never_split()
    {
        var field = new TextField(20);
        Assert.Null(field.Insert("a🌙b"));
        field.Left();
        field.Left();
        Assert.Equal(1, field.Caret);
        field.Delete();
        Assert.Equal("ab", field.Text);
        Assert.NotNull(field.Insert("\ud83c"));
        Assert.Equal("ab", field.Text);
    }

    [Fact]
    public void Lines_and_tabs_become_spaces()
    {
        var field = new TextField(20);
        field.Insert("a\r\nring\tx");
        Assert.Equal("a  ring x", field.Text);
    }

    [Fact]
    public void What_nobody_sees_is_left_out()
    {
        var field = new TextField(20);
        Assert.Null(field.Insert("Fe\u200Ba\u00ADst\u202E"));
        Assert.Equal(("Feast", 5), (field.Text, field.Caret));
    }

    [Fact]
    public void Whatever_is_pressed_the_text_stays_whole()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var field = new TextField(30);
            for (int i = 0; i < 300; i++)
            {
                switch (random.Next(8))
                {
                    case 0: field.Left(); break;
                    case 1: field.Right(); break;
                    case 2: field.Backspace(); break;
                    case 3: field.Delete(); break;
                    case 4: field.Home(); break;
                    case 5: field.Insert("🌙"); break;
                    default: field.Insert(((char)random.Next(32, 127)).ToString()); break;
                }
                Assert.InRange(field.Caret, 0, field.Text.Length);
                Assert.True(field.Text.Length <= field.Capacity);
                Assert.True(field.Text.IsNormalized(), "a half character is no Unicode, and throws");
            }
        }
    }
}
