using System.Numerics;
using System.Text;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class OmniglotStrokesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("odl-data-").FullName;

    public OmniglotStrokesTests() => Directory.CreateDirectory(Path.Combine(folder, "omniglot"));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Write(int file, params (string Name, string Text)[] drawings) =>
        TinyFiles.Zip(Path.Combine(folder, OmniglotStrokes.Files[file]), drawings.Select(d => (d.Name, Encoding.UTF8.GetBytes(d.Text))));

    private static string Text(float x) => $"START\n{x},-20,0\n12.5,-30,40\nBREAK\nSTART\n5,-6,90\nBREAK\n";

    [Fact]
    public void Characters_are_read_once_in_the_order_of_their_names_and_drawers()
    {
        Write(0, ("Latin/character01/0001_02.txt", Text(2)), ("Latin/character01/0001_01.txt", Text(1)), ("Greek/character02/0002_01.txt", Text(3)));
        Write(1, ("Latin/character01/0001_01.txt", Text(1)), ("Braille/character01/0003_01.txt", Text(4)));
        IReadOnlyList<StrokeCharacter> read = OmniglotStrokes.Read(folder);
        Assert.Equal(["Braille/character01", "Greek/character02", "Latin/character01"], read.Select(c => c.Name));
        Assert.Equal([1, 1, 2], read.Select(c => c.Drawings.Count));
        // y points up in the file and down in a drawing.
        Assert.Equal([[new Vector2(1, 20), new Vector2(12.5f, 30)], [new Vector2(5, 6)]], read[2].Drawings[0].Strokes);
        Assert.Equal(2, read[2].Drawings[1].Strokes[0][0].X);
    }

    [Theory]
    [InlineData("Greek/character02/0002_01.txt", "START\n1;2;3\nBREAK\n", "line 2")]
    [InlineData("Greek/character02/0002_01.txt", "START\n1,2,3\n1,NaN,3\nBREAK\n", "line 3")]
    [InlineData("Greek/character02/0002_01.txt", "START\nBREAK\n", "no point")]
    [InlineData("0002_01.txt", "START\n1,2,3\nBREAK\n", "no alphabet")]
    public void Damaged_drawings_are_refused_by_name(string name, string text, string says)
    {
        Write(0, (name, text));
        FormatException e = Assert.Throws<FormatException>(() => OmniglotStrokes.Read(folder));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_says_where_to_get_it()
    {
        Write(0, ("Latin/character01/0001_02.txt", Text(2)));
        FileNotFoundException e = Assert.Throws<FileNotFoundException>(() => OmniglotStrokes.Read(folder));
        Assert.Contains("strokes_background_small2.zip", e.Message, StringComparison.Ordinal);
        Assert.Contains("brendenlake/omniglot", e.Message, StringComparison.Ordinal);
    }
}
