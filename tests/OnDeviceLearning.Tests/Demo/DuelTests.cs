using OnDeviceLearning.Demo;

namespace OnDeviceLearning.Tests.Demo;

public sealed class DuelTests
{
    [Fact]
    public void The_same_seed_and_strikes_make_the_same_duel()
    {
        for (int seed = 0; seed < 20; seed++)
            Assert.Equal(Play(seed, strikes: 7), Play(seed, strikes: 7));
        Assert.NotEqual(Play(1, strikes: 7), Play(2, strikes: 7));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    public void Every_spell_comes_equally_often(int spells)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            int[] counts = new int[spells];
            foreach (Rival rival in new Duel(spells, 1, seed).Rivals) counts[rival.Spell]++;
            Assert.True(counts.Max() - counts.Min() <= 1, $"seed {seed}: {string.Join(", ", counts)}");
        }
    }

    [Fact]
    public void Who_strikes_every_rival_wins_with_all_seals()
    {
        var duel = new Duel(8, 1, 3);
        while (duel.Outcome == DuelOutcome.Open)
        {
            duel.Tick();
            if (duel.Foremost() is int k and >= 0) Assert.Equal(k, duel.Strike(duel.Rivals[k].Spell));
        }
        Assert.Equal(DuelOutcome.Won, duel.Outcome);
        Assert.Equal((Duel.RivalCount, Duel.FullSeals), (duel.Struck, duel.Seals));
    }

    [Fact]
    public void Who_does_nothing_loses_after_three_rivals()
    {
        var duel = new Duel(8, 1, 3);
        for (int t = 0; t < 60 * Duel.TicksPerSecond && duel.Outcome == DuelOutcome.Open; t++) duel.Tick();
        Assert.Equal(DuelOutcome.Lost, duel.Outcome);
        Assert.Equal((0, 0, 0), (duel.Struck, duel.Seals, duel.Score));
        int ticks = duel.Ticks;
        duel.Tick();
        Assert.Equal(ticks, duel.Ticks);
        Assert.Equal(-1, duel.Strike(0));
    }

    [Fact]
    public void Whatever_is_cast_the_sums_are_right()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var duel = new Duel(random.Next(1, 10), random.Next(1, 12), seed);
            int score = 0;
            float[] distances = new float[Duel.RivalCount];
            Array.Fill(distances, 1);
            for (int t = 0; t < 20_000 && duel.Outcome == DuelOutcome.Open; t++)
            {
                duel.Tick(random.Next(4) == 0 ? 0.3f : 1);
                if (random.Next(90) == 0) duel.Strike(random.Next(9), corrected: random.Next(2) == 0);
                Assert.True(duel.Score >= score && duel.Chain is >= 0 and <= Duel.LongestChain && duel.Seals is >= 0 and <= Duel.FullSeals);
                score = duel.Score;
                for (int k = 0; k < Duel.RivalCount; k++)
                {
                    Assert.InRange(duel.Rivals[k].Distance, 0, distances[k]);
                    distances[k] = duel.Rivals[k].Distance;
                }
            }
            Assert.NotEqual(DuelOutcome.Open, duel.Outcome);
            Assert.Equal(duel.Struck, Count(duel, RivalFate.Struck));
            Assert.Equal(Duel.FullSeals - duel.Seals, Count(duel, RivalFate.BrokeThrough));
        }
    }

    [Fact]
    public void A_spell_nobody_needs_goes_by_and_breaks_the_chain()
    {
        var duel = new Duel(8, 1, 3);
        duel.Tick();
        duel.Strike(duel.Rivals[0].Spell);
        Assert.Equal(1, duel.Chain);
        Assert.Equal(-1, duel.Strike(duel.Rivals[0].Spell));
        Assert.Equal(0, duel.Chain);
    }

    [Fact]
    public void A_corrected_strike_is_worth_half()
    {
        int Worth(bool corrected)
        {
            var duel = new Duel(8, 1, 3);
            duel.Tick();
            duel.Strike(duel.Rivals[0].Spell, corrected);
            return duel.Score;
        }
        Assert.Equal(Worth(corrected: false) / 2, Worth(corrected: true));
    }

    [Fact]
    public void Later_duels_are_faster()
    {
        int Ticks(int number)
        {
            var duel = new Duel(8, number, 3);
            while (duel.Outcome == DuelOutcome.Open) duel.Tick();
            return duel.Ticks;
        }
        Assert.True(Ticks(5) < Ticks(1));
        Assert.True(Ticks(100) > 5 * Duel.TicksPerSecond, "no duel is too fast for a hand");
    }

    [Fact]
    public void A_tick_allocates_nothing()
    {
        var duel = new Duel(8, 1, 3);
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int t = 0; t < 30; t++) duel.Tick();
            duel.Strike(duel.Rivals[0].Spell);
        }));
    }

    private static int Count(Duel duel, RivalFate fate)
    {
        int count = 0;
        foreach (Rival rival in duel.Rivals)
            if (rival.Fate == fate) count++;
        return count;
    }

    private static string Play(int seed, int strikes)
    {
        var duel = new Duel(8, 2, seed);
        var log = new System.Text.StringBuilder();
        for (int t = 0; t < 6_000 && duel.Outcome == DuelOutcome.Open; t++)
        {
            duel.Tick();
            if (t % 200 == 199 && strikes-- > 0 && duel.Foremost() is int k and >= 0) duel.Strike(duel.Rivals[k].Spell);
            if (t % 100 == 0) foreach (Rival rival in duel.Rivals) log.Append(rival.Fate).Append(rival.Distance).Append(rival.Lane).Append(rival.Spell);
        }
        return log.Append(duel.Score).Append(duel.Seals).ToString();
    }
}
