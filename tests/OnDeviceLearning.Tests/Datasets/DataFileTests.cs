using System.Text;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

/// <summary>Tests of readers: a folder of files made for each, and what is wrong with them in words.</summary>
public abstract class DataFileTests : IDisposable
{
    private protected readonly string folder = Directory.CreateTempSubdirectory("odl-data-").FullName;

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name.Replace('/', Path.DirectorySeparatorChar));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private protected string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private protected static float[] Values(LabelledImages images, int image)
    {
        var values = new float[images.Size];
        images.CopyTo(image, values);
        return values;
    }

    private protected static void Says(Action action, params string[] words)
    {
        FormatException e = Assert.Throws<FormatException>(action);
        Assert.All(words, word => Assert.Contains(word, e.Message, StringComparison.Ordinal));
    }
}
