using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.FewShot;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

public class WordNetKinshipTests
{
    // thing > animal > (dog, cat); thing > plant > tree; quickly is an adverb and stands alone.
    private static readonly Synset[] synsets =
    [
        Word("thing"), Word("animal", 0), Word("dog", 1), Word("cat", 1), Word("plant", 0), Word("tree", 4), new("quickly", 'r', ["quickly"], "fast", [], []),
    ];

    private static Synset Word(string lemma, params int[] wider) => new(lemma, 'n', [lemma], lemma, wider, []);

    [Fact]
    public void NearnessIsWuAndPalmers()
    {
        var kinship = new WordNetKinship(synsets);
        Assert.Equal(1, kinship.Nearness(2, 2));
        Assert.Equal(2.0 * 2 / (3 + 3), kinship.Nearness(2, 3), 1e-12);
        Assert.Equal(2.0 * 1 / (3 + 3), kinship.Nearness(2, 5), 1e-12);
        Assert.Equal(2.0 * 2 / (3 + 2), kinship.Nearness(3, 1), 1e-12);
    }

    [Fact]
    public void NamesAreComparedByTheirBestWordsAndUnknownOnesNotAtAll()
    {
        double[,] near = new WordNetKinship(synsets).Between(["big_dog", "Cat", "tree cat", "quickly"]);
        Assert.Equal(4.0 / 6, near[0, 1], 1e-12);
        Assert.Equal(near[1, 0], near[0, 1]);
        Assert.Equal(1, near[2, 2], 1e-12);
        // cat finds itself; tree finds cat.
        Assert.Equal((1 + (2.0 / 6 + 1) / 2) / 2, near[1, 2], 1e-12);
        for (int a = 0; a < 4; a++) Assert.True(double.IsNaN(near[a, 3]));
    }

    [Fact]
    public void RelativesOfAnotherKindGiveAnotherAnswer()
    {
        FewShotProblem problem = FewShotWorld.Create(21, classes: 6);
        FewShotTask whole = FewShotWorld.Task(problem, 6, 4);
        FewShotTask half = whole with { Support = [.. whole.Support.Select((s, way) => way < 3 ? s : [])] };
        var near = new double[6, 6];
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < 6; b++) near[a, b] = double.NaN;
        float[] feature = problem.Features[^1];
        float[] byDescription = FewShotWorld.Answer(new AdaptiveMethod(), half, feature);
        Assert.Equal(byDescription, FewShotWorld.Answer(new AdaptiveMethod(nearness: near), half, feature));
        // Each untaught class has one relative alone.
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < 6; b++) near[a, b] = a % 3 == b % 3 ? 1 : -10;
        Assert.NotEqual(byDescription, FewShotWorld.Answer(new AdaptiveMethod(nearness: near), half, feature));
    }
}
