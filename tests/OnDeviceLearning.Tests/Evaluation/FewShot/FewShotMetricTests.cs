using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

public class FewShotMetricTests
{
    [Fact]
    public void CalibrationErrorIsTheWeightedGapOfTheBins()
    {
        var error = new CalibrationError();
        Assert.True(double.IsNaN(error.Value));
        // One bin, 0.6 to 0.667: two of four right at 0.65; another, 0.933 to 1: two of two right at 1 and 0.95.
        foreach (bool right in new[] { true, false, true, false }) error.Add(0.65, right);
        error.Add(1, true);
        error.Add(0.95, true);
        Assert.Equal(4.0 / 6 * Math.Abs(0.5 - 0.65) + 2.0 / 6 * Math.Abs(1 - 0.975), error.Value, 1e-12);
    }

    [Fact]
    public void CalibrationErrorsOfOneBinCancelAndThoseOfTwoDoNot()
    {
        var one = new CalibrationError();
        one.Add(0.61, true);
        one.Add(0.66, false);
        Assert.Equal(Math.Abs(0.5 - 0.635), one.Value, 1e-12);
        var two = new CalibrationError();
        two.Add(0.61, true);
        two.Add(0.71, false);
        Assert.Equal(0.5 * 0.39 + 0.5 * 0.71, two.Value, 1e-12);
    }

    [Theory]
    [InlineData(new float[] { 3, 4 }, new float[] { 1, 2 }, 1)]
    [InlineData(new float[] { 1, 2 }, new float[] { 3, 4 }, 0)]
    [InlineData(new float[] { 1, 3 }, new float[] { 2 }, 0.5)]
    [InlineData(new float[] { 1, 2, 2 }, new float[] { 2, 0 }, (0.0 + 0.5 + 0.5 + 1 + 1 + 1) / 6)]
    public void RankingAreaCountsPairsAndHalfOfTies(float[] known, float[] unknown, double expected) =>
        Assert.Equal(expected, RankingArea.Of(known, unknown), 1e-12);

    [Fact]
    public void RankingAreaOfNothingIsNoNumber() => Assert.True(double.IsNaN(RankingArea.Of([1], [])));

    [Fact]
    public void IntervalOfASmallSampleIsStudents()
    {
        // Mean 4, deviation 2, of three: 4.303 * 2 / sqrt(3).
        MeanInterval mean = MeanInterval.Of([2, 4, 6]);
        Assert.Equal(4, mean.Value, 1e-12);
        Assert.Equal(4 - 4.303 * 2 / Math.Sqrt(3), mean.Low, 1e-9);
        Assert.Equal(4 + 4.303 * 2 / Math.Sqrt(3), mean.High, 1e-9);
    }

    [Fact]
    public void IntervalOfManyIsNormalAndOfOneEverything()
    {
        MeanInterval many = MeanInterval.Of([.. Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? 0.0 : 1)]);
        Assert.Equal(0.5 - 1.959963984540054 * Math.Sqrt(25.0 / 99 / 100), many.Low, 1e-12);
        Assert.Equal(double.PositiveInfinity, MeanInterval.Of([0.5]).High);
        Assert.True(double.IsNaN(MeanInterval.Of([]).Value));
    }
}
