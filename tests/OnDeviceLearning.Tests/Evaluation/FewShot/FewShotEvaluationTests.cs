using OnDeviceLearning.Evaluation.FewShot;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

public class FewShotEvaluationTests
{
    private static readonly FewShotOptions options = new(5, [0, 1, 4], 12, 3);

    [Fact]
    public void TheSameSeedGivesTheSameScores()
    {
        static string Key(FewShotScore s) => $"{s.Method} {s.Shots} {s.Accuracy} {s.VersusZeroShot} {s.CalibrationError:R} {s.UnknownArea:R}";
        string[] once = [.. FewShotEvaluation.Evaluate(FewShotWorld.Create(11), options).Select(Key)];
        Assert.Equal(once, FewShotEvaluation.Evaluate(FewShotWorld.Create(11), options).Select(Key));
        Assert.NotEqual(once, FewShotEvaluation.Evaluate(FewShotWorld.Create(11), options with { Seed = 4 }).Select(Key));
    }

    [Fact]
    public void WhatAMethodCannotAnswerIsNoNumber()
    {
        IReadOnlyList<FewShotScore> described = FewShotEvaluation.Evaluate(FewShotWorld.Create(12), options);
        foreach (FewShotScore score in described)
            Assert.Equal(score.Shots == 0 && score.Method is not ("zero-shot" or "ours"), double.IsNaN(score.Accuracy.Value));
        FewShotScore ours = described.Single(s => s is { Method: "ours", Shots: 0 });
        Assert.Equal(0, ours.VersusZeroShot.Value);
        Assert.Equal(0, ours.VersusZeroShot.High);

        foreach (FewShotScore score in FewShotEvaluation.Evaluate(FewShotWorld.Create(12, described: false), options))
        {
            bool answers = score.Shots > 0 && score.Method is "prototypes" or "linear probe" or "ours" && score.Shots > 0;
            Assert.Equal(!answers, double.IsNaN(score.Accuracy.Value));
            Assert.True(double.IsNaN(score.VersusZeroShot.Value));
        }
    }

    [Fact]
    public void ScoresDoNotDependOnWhatElseIsMeasured()
    {
        FewShotScore alone = FewShotEvaluation.Evaluate(FewShotWorld.Create(13), options, [new PrototypesMethod()]).Single(s => s.Shots == 4);
        FewShotScore among = FewShotEvaluation.Evaluate(FewShotWorld.Create(13), options).Single(s => s is { Method: "prototypes", Shots: 4 });
        Assert.Equal(alone.Accuracy, among.Accuracy);
        Assert.Equal(alone.UnknownArea, among.UnknownArea);
    }

    [Fact]
    public void HalvesAddUpToTheWhole()
    {
        FewShotOptions even = new(6, [2], 20, 1);
        IReadOnlyList<FewShotScore> scores = HalfTaughtEvaluation.Evaluate(FewShotWorld.Create(14), even, wordNet: null);
        FewShotScore Part(string name) => scores.Single(s => s.Method == $"ours: {name}");
        Assert.Equal(Part("all").Accuracy.Value, (Part("taught half").Accuracy.Value + Part("untaught half").Accuracy.Value) / 2, 1e-9);
        Assert.Throws<ArgumentException>(() => HalfTaughtEvaluation.Evaluate(FewShotWorld.Create(14, described: false), even, wordNet: null));
    }

    [Fact]
    public void NoTrustIsTheZeroShotAnswer()
    {
        foreach (FewShotScore score in FewShotEvaluation.ComparePriors(FewShotWorld.Create(15), options).Where(s => s.Method == "always 0"))
        {
            Assert.Equal(0, score.VersusZeroShot.Value);
            Assert.Equal(0, score.VersusZeroShot.High);
        }
    }

    [Fact]
    public void AProblemThatDoesNotFitIsRefused()
    {
        FewShotProblem sound = FewShotWorld.Create(16);
        FewShotProblem Broken(Func<FewShotProblem> make) => make();
        FewShotProblem twoNames = Broken(() => new() { Name = "w", Features = sound.Features, Labels = sound.Labels, ClassNames = [.. sound.ClassNames.Select(_ => "same")], Descriptions = sound.Descriptions, LogitScale = 1 });
        Assert.Contains("same name", Assert.Throws<ArgumentException>(twoNames.Check).Message);
        FewShotProblem longFeature = new() { Name = "w", Features = [[2, 0]], Labels = [0], ClassNames = ["a"], Descriptions = [null], LogitScale = 1 };
        Assert.Contains("length 2", Assert.Throws<ArgumentException>(longFeature.Check).Message);
        FewShotProblem missing = new() { Name = "w", Features = [[1, 0]], Labels = [0, 1], ClassNames = ["a"], Descriptions = [null], LogitScale = 1 };
        Assert.Contains("2 labels for 1 features", Assert.Throws<ArgumentException>(missing.Check).Message);
    }
}
