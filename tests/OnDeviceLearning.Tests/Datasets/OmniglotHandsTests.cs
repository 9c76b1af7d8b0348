using System.Numerics;
using System.Text;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class OmniglotHandsTests : IDisposable
{
    private const string Stroke = "START\n7,-20,0\n12.5,-30,40\nBREAK\n";
    private readonly string folder = Directory.CreateTempSubdirectory("odl-data-").FullName;

    public OmniglotHandsTests() => Directory.CreateDirectory(Path.Combine(folder, "omniglot"));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Strokes()
    {
        TinyFiles.Zip(Path.Combine(folder, OmniglotStrokes.Files[0]), [("Greek/character02/0002_01.txt", Encoding.UTF8.GetBytes(Stroke))]);
        TinyFiles.Zip(Path.Combine(folder, OmniglotStrokes.Files[1]), [("Latin/character01/0001_01.txt", Encoding.UTF8.GetBytes(Stroke))]);
    }

    private void Images(params (string Name, byte[] Png)[] images) =>
        TinyFiles.Zip(Path.Combine(folder, Omniglot.BackgroundFile), images.Select(i => ("images_background/" + i.Name, i.Png)));

    /// <summary>A bar across, three pixels high.</summary>
    private static byte[] Bar() => TinyFiles.Png(105, 105, (x, y) => x is >= 20 and < 80 && y is >= 49 and < 52 ? ((byte)0, (byte)0, (byte)0, (byte)255) : ((byte)255, (byte)255, (byte)255, (byte)255));

    [Fact]
    public void Drawings_without_strokes_are_traced_and_stand_beside_the_others()
    {
        Strokes();
        Images(("Greek/character02/0002_01.png", Bar()), ("Greek/character02/0002_02.png", Bar()), ("Tagalog/character03/0009_01.png", Bar()));
        IReadOnlyList<StrokeCharacter> read = OmniglotHands.Read(folder);
        Assert.Equal(["Greek/character02", "Latin/character01", "Tagalog/character03"], read.Select(c => c.Name));
        Assert.Equal([2, 1, 1], read.Select(c => c.Drawings.Count));
        // The pen's own strokes, where they are known.
        Assert.Equal([[new Vector2(7, 20), new Vector2(12.5f, 30)]], read[0].Drawings[0].Strokes);
        IReadOnlyList<Vector2> bar = Assert.Single(read[0].Drawings[1].Strokes);
        // At its ends it may lead into a corner of the ink.
        Assert.All(bar.Take(3..^3), p => Assert.InRange(p.Y, 49.9f, 50.1f));
        Assert.InRange(bar.Max(p => p.X) - bar.Min(p => p.X), 55, 60);
    }

    [Fact]
    public void Either_will_do()
    {
        Strokes();
        Assert.Equal(2, OmniglotHands.Read(folder).Count);
        foreach (string file in OmniglotStrokes.Files) File.Delete(Path.Combine(folder, file));
        Images(("Tagalog/character03/0009_01.png", Bar()));
        Assert.Equal("Tagalog/character03", Assert.Single(OmniglotHands.Read(folder)).Name);
    }

    [Fact]
    public void Without_either_a_sentence_says_where_to_get_both()
    {
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => OmniglotHands.Read(folder));
        Assert.Contains("images_background.zip", e.Message, StringComparison.Ordinal);
        Assert.Contains("strokes_background_small2.zip", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_images_are_refused_by_name()
    {
        Images(("Tagalog/character03/0009_01.png", TinyFiles.Png(105, 105, 255)));
        Assert.Contains("no ink", Assert.Throws<FormatException>(() => OmniglotHands.Read(folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, Omniglot.BackgroundFile));
        Images(("Tagalog/character03/0009_01.png", [1, 2, 3]));
        Assert.Contains("0009_01.png", Assert.Throws<FormatException>(() => OmniglotHands.Read(folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, Omniglot.BackgroundFile));
        TinyFiles.Zip(Path.Combine(folder, Omniglot.BackgroundFile), [("0009_01.png", Bar())]);
        Assert.Contains("no alphabet", Assert.Throws<FormatException>(() => OmniglotHands.Read(folder)).Message, StringComparison.Ordinal);
    }
}
