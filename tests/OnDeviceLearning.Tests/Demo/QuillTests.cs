using System.Numerics;
using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public sealed class QuillTests
{
    [Fact]
    public void No_ink_and_a_single_dot_get_a_sentence()
    {
        var quill = new Quill();
        Assert.Null(quill.Take(out string? complaint));
        Assert.Contains("no ink", complaint);
        quill.Down(new Vector2(100, 100));
        quill.Up();
        Assert.Null(quill.Take(out complaint));
        Assert.Contains("single dot", complaint);
        Assert.True(quill.IsEmpty);
    }

    [Fact]
    public void Three_dots_in_a_row_are_a_sigil()
    {
        var quill = new Quill();
        for (int i = 0; i < 3; i++)
        {
            quill.Down(new Vector2(100 + 40 * i, 100));
            quill.Up();
        }
        Drawing? drawing = quill.Take(out string? complaint);
        Assert.Null(complaint);
        Assert.Equal(3, drawing!.Strokes.Count);
    }

    [Fact]
    public void Only_a_rest_of_the_hand_ends_a_sigil()
    {
        var quill = new Quill();
        Rest();
        Assert.False(quill.HasPaused);
        quill.Down(default);
        Rest();
        Assert.False(quill.HasPaused);
        quill.Up();
        Assert.False(quill.HasPaused);
        Rest();
        Assert.True(quill.HasPaused);

        void Rest()
        {
            for (int t = 0; t < 120; t++) quill.Tick();
        }
    }

    [Fact]
    public void What_is_not_a_place_is_left_out_and_ink_is_not_endless()
    {
        var quill = new Quill();
        quill.Down(new Vector2(float.NaN, 0));
        Assert.True(quill.IsEmpty);
        quill.Down(default);
        quill.Move(new Vector2(float.PositiveInfinity, 0));
        for (int i = 1; i < 60_000; i++) quill.Move(new Vector2(2 * i, 0));
        quill.Up();
        Assert.InRange(quill.Take(out _)!.Strokes[0].Count, 1_000, Drawing.MaxPoints);
    }
}
