using OnDeviceLearning.Evaluation.FewShot;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

public class FewShotEpisodeTests
{
    [Fact]
    public void ExamplesQuestionsAndStrangersNeverMeet()
    {
        FewShotProblem problem = FewShotWorld.Create(1);
        for (int e = 0; e < 50; e++)
        {
            FewShotEpisode episode = FewShotEpisode.Draw(problem, 5, 8, FewShotEvaluation.EpisodeRandom(1, e));
            Assert.Equal(5, episode.Classes.Distinct().Count());
            int[] support = [.. episode.Support.SelectMany(s => s)], queries = [.. episode.Queries.Select(q => q.Feature)];
            Assert.Equal(5 * 8 + 5 * 15 + 5 * 15, support.Concat(queries).Concat(episode.Strangers).Distinct().Count());
            for (int way = 0; way < 5; way++) Assert.All(episode.Support[way], i => Assert.Equal(episode.Classes[way], problem.Labels[i]));
            Assert.All(episode.Queries, q => Assert.Equal(episode.Classes[q.Way], problem.Labels[q.Feature]));
            Assert.DoesNotContain(episode.Strangers, i => episode.Classes.Contains(problem.Labels[i]));
        }
    }

    [Fact]
    public void FewerShotsAreTheFirstOfMore()
    {
        FewShotProblem problem = FewShotWorld.Create(2);
        FewShotEpisode episode = FewShotEpisode.Draw(problem, 4, 8, new Random(3));
        FewShotTask two = episode.Task(problem, 2, 0), eight = episode.Task(problem, 8, 0);
        for (int way = 0; way < 4; way++) Assert.Equal(eight.Support[way][..2], two.Support[way]);
        Assert.Equal(0, episode.Task(problem, 0, 0).Examples);
        FewShotTask half = episode.HalfTaught(problem, 2, 0);
        Assert.Equal([2, 2, 0, 0], half.Support.Select(s => s.Length));
    }

    [Fact]
    public void EveryClassComesUpEquallyOften()
    {
        FewShotProblem problem = FewShotWorld.Create(3, classes: 10);
        var count = new int[10];
        for (int e = 0; e < 1000; e++)
            foreach (int c in FewShotEpisode.Draw(problem, 5, 1, FewShotEvaluation.EpisodeRandom(5, e)).Classes) count[c]++;
        // Binomial of 1000 and 1/2: six deviations.
        Assert.All(count, n => Assert.InRange(n, 500 - 95, 500 + 95));
    }

    [Fact]
    public void FamiliesComeTogether()
    {
        FewShotProblem problem = FewShotWorld.Create(4, classes: 12, families: [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
        for (int e = 0; e < 20; e++)
        {
            int[] families = [.. FewShotEpisode.Draw(problem, 8, 1, new Random(e)).Classes.Select(c => problem.Families![c])];
            Assert.Equal([4, 4], families.GroupBy(f => f).Select(g => g.Count()));
        }
    }

    [Fact]
    public void WithoutFurtherClassesThereAreNoStrangers() =>
        Assert.Empty(FewShotEpisode.Draw(FewShotWorld.Create(5, classes: 4), 4, 1, new Random(1)).Strangers);

    [Theory]
    [InlineData(1, 1, "1 ways")]
    [InlineData(13, 1, "13 ways, but world has 12 classes")]
    [InlineData(5, 24, "24 shots need 25")]
    public void WhatCannotBeAskedIsRefusedInASentence(int ways, int shots, string part)
    {
        var e = Assert.Throws<ArgumentException>(() => FewShotEvaluation.Evaluate(FewShotWorld.Create(6), new FewShotOptions(ways, [0, shots], 3, 1)));
        Assert.Contains(part, e.Message);
    }
}
