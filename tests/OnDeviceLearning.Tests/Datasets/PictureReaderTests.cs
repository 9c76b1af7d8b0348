using System.Text;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

/// <summary>Pictures with names, folders of images, and what all image sets have in common.</summary>
public sealed class PictureReaderTests : DataFileTests
{
    [Fact]
    public void Symbols_have_a_picture_a_name_and_tags()
    {
        string zip = Path.Combine(folder, "s.zip");
        TinyFiles.Zip(zip, [("a/red.png", TinyFiles.Png(64, 64, (_, _) => ((byte)255, (byte)0, (byte)0, (byte)255))), ("a/glass.png", TinyFiles.Png(64, 64, (_, _) => ((byte)9, (byte)9, (byte)9, (byte)0)))]);
        string list = Write("s.jsonl.gz", TinyFiles.Gzip(Encoding.UTF8.GetBytes("""
            {"id": "red", "source": "a", "name": "a red square", "tags": ["square", "box"], "licence": "MIT"}
            {"id": "glass", "source": "a", "name": "glass", "tags": [], "licence": "MIT"}
            """)));
        IReadOnlyList<Symbol> read = Symbols.Read(zip, list);
        Assert.Equal(["a red square", "glass"], read.Select(s => s.Name));
        Assert.Equal(["square", "box"], read[0].Tags);
        Assert.Equal([255, 0, 0], [read[0].Rgb[0], read[0].Rgb[4096], read[0].Rgb[8192]]);
        Assert.All(read[1].Rgb, value => Assert.Equal(255, value)); // transparent: the white behind it

        Says(() => Symbols.Read(zip, Write("missing", """{"id": "blue", "source": "a", "name": "n", "licence": "MIT"}""")), "s.zip", "a/blue.png", "line 1");
        Says(() => Symbols.Read(zip, Write("nameless", """{"id": "red", "source": "a", "name": "", "licence": "MIT"}""")), "nameless", "line 1", "'name' is empty");
        Says(() => Symbols.Read(zip, Write("text", "red")), "text", "line 1", "JSON object");
        Assert.Contains("symbols.zip", Assert.Throws<FileNotFoundException>(() => Symbols.Read(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_images_is_a_data_set_with_descriptions()
    {
        Write("f/dog/1.png", TinyFiles.Png(8, 4, 51));
        Write("f/cat/2.PNG", TinyFiles.Png(3, 3, (x, _) => ((byte)(x == 0 ? 255 : 0), (byte)0, (byte)255, (byte)255)));
        Write("f/cat/1.png", TinyFiles.Png(5, 5, 255));
        Write("f/cat/notes.txt", "no image");
        Write("f/descriptions.tsv", "# animals\ndog\tit barks\ncat\tit purrs\ncat\tit scratches\n");
        string path = Path.Combine(folder, "f");
        LabelledImages grey = ImageFolder.Read(path, 1, 2), colour = ImageFolder.Read(path, 3, 3), dark = ImageFolder.Read(path, 1, 2, dark: true);
        Assert.Equal(["cat", "dog"], grey.ClassNames);
        Assert.Equal([0, 0, 1], grey.Labels);
        Assert.Equal(["it purrs", "it scratches"], grey.Descriptions["cat"]);
        Assert.Equal("it barks", Assert.Single(grey.Descriptions["dog"]));
        var values = new float[4];
        grey.CopyTo(2, values);
        Assert.Equal([0.2f, 0.2f, 0.2f, 0.2f], values);
        dark.CopyTo(2, values);
        Assert.Equal([0.8f, 0.8f, 0.8f, 0.8f], values);
        values = new float[27];
        colour.CopyTo(1, values);
        Assert.Equal([1f, 0f, 0f, 0f, 1f], [values[0], values[1], values[3 + 2], values[9], values[18]]);
        Assert.Empty(OnlyImages().Descriptions);

        LabelledImages OnlyImages()
        {
            File.Delete(Path.Combine(path, "descriptions.tsv"));
            return ImageFolder.Read(path, 1, 2);
        }
    }

    [Fact]
    public void A_folder_that_does_not_fit_is_refused()
    {
        string path = Path.Combine(folder, "g");
        Assert.Contains("descriptions.tsv", Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Read(path, 1, 2)).Message, StringComparison.Ordinal);
        Write("g/a/1.png", TinyFiles.Png(2, 2, 0));
        Says(() => ImageFolder.Read(path, 1, 2), "1 folders of classes", "at least 2");
        Directory.CreateDirectory(Path.Combine(path, "b"));
        Says(() => ImageFolder.Read(path, 1, 2), "no image", ".png, .jpg");
        string damaged = Write("g/b/1.jpg", [0xff, 0xd8, 1, 2]);
        Says(() => ImageFolder.Read(path, 1, 2), damaged, "4 bytes");
        Write("g/b/1.jpg", TinyFiles.Png(2, 2, 0)); // what it is, is told by its bytes
        Assert.Equal(2, ImageFolder.Read(path, 1, 2).Count);
        Write("g/descriptions.tsv", "a\tfirst\n");
        Says(() => ImageFolder.Read(path, 1, 2), "no description of b");
        Write("g/descriptions.tsv", "a\tfirst\nc\tthird\n");
        Says(() => ImageFolder.Read(path, 1, 2), "line 2", "'c'", "a, b");
        Write("g/descriptions.tsv", "a first\n");
        Says(() => ImageFolder.Read(path, 1, 2), "line 1", "1 columns");
    }

    [Fact]
    public void Classes_are_chosen_and_numbered_anew()
    {
        var images = new LabelledImages("x", 1, 1, 2, [1f, 0f, 0.5f, 0f, 0.25f, 0f], [2, 0, 1], ["a", "b", "c"]);
        LabelledImages chosen = images.OfClasses([2, 1]);
        Assert.Equal(["c", "b"], chosen.ClassNames);
        Assert.Equal([0, 1], chosen.Labels);
        var values = new float[2];
        chosen.CopyTo(1, values);
        Assert.Equal([0.25f, 0f], values);
        Assert.Equal([1, 2], images.Subset([2, 0]).Labels);
        Assert.Throws<ArgumentException>(() => images.OfClasses([0, 0]));
        Assert.Throws<ArgumentException>(() => images.OfClasses([3]));
        Assert.Throws<ArgumentException>(() => images.Subset([3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => images.CopyTo(3, values));
        Assert.Contains("label 1 is 3", Assert.Throws<ArgumentException>(() => new LabelledImages("x", 1, 1, 1, new byte[2], [0, 3], ["a"])).Message, StringComparison.Ordinal);
        Assert.Contains("expected 6", Assert.Throws<ArgumentException>(() => new LabelledImages("x", 3, 1, 1, new byte[5], [0, 0], ["a"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_become_their_mean_grey()
    {
        var images = new LabelledImages("x", 3, 1, 2, [255, 0, 0, 0, 0, 255], [0], ["a"]);
        GrayImage gray = images.Gray(0);
        Assert.Equal([1 / 3f, 1 / 3f], gray.Pixels.ToArray());
        Assert.Equal([255, 0, 0, 0, 0, 255], Assert.IsType<ColorImage>(images.Input(0)).Pixels.ToArray());
    }

    [Fact]
    public void Words_that_are_never_trained_depend_on_the_word_alone()
    {
        Assert.True(QuickDraw.IsHeldOut("giraffe"));
        Assert.True(QuickDraw.IsHeldOut("snowman"));
        Assert.False(QuickDraw.IsHeldOut("star"));
        Assert.Throws<ArgumentException>(() => QuickDraw.IsHeldOut(""));
        Assert.Contains("quickdraw-dataset", Assert.Throws<FileNotFoundException>(() => QuickDraw.PathOf(folder)).Message, StringComparison.Ordinal);
    }
}
