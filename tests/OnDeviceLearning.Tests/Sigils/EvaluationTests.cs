using System.IO.Compression;
using System.Text;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Tests.Sigils;

public class EvaluationTests
{
    [Theory]
    [InlineData(0, 10, 0.0, 0.2775)]
    [InlineData(9, 10, 0.5958, 0.9821)]
    [InlineData(10, 10, 0.7225, 1.0)]
    [InlineData(50, 100, 0.4038, 0.5962)]
    public void WilsonIntervalsAreThePublishedOnes(int hits, int trials, double low, double high)
    {
        var p = new Proportion(hits, trials);
        Assert.Equal(low, p.Low, 1e-4);
        Assert.Equal(high, p.High, 1e-4);
    }

    [Fact]
    public void MeansCarryStudentsInterval()
    {
        // Mean 3, standard deviation 1.5811, 2.776 * 1.5811 / sqrt(5) = 1.963: cut to shares here.
        var mean = new SampleMean([0.1, 0.2, 0.3, 0.4, 0.5]);
        Assert.Equal(0.3, mean.Value, 1e-9);
        Assert.Equal(0.3 - 0.1963, mean.Low, 1e-4);
        Assert.Equal(0.3 + 0.1963, mean.High, 1e-4);
        Assert.Equal((0.0, 1.0), (new SampleMean([0.4]).Low, new SampleMean([0.4]).High));
    }

    [Fact]
    public void EpisodesHoldOnlyWhatWasNeverTrained()
    {
        var random = new Random(1);
        int twins = 0;
        for (int i = 0; i < 60; i++)
        {
            List<EpisodeClass> classes = i % 2 == 0 ? Episode.Families(20, random) : Episode.OneEditAway(20, random);
            Assert.Equal(20, classes.Count);
            Assert.Equal(20, classes.Select(c => ClearDescription.Drawn(c.Composition)).Distinct().Count());
            Assert.All(classes, c => Assert.True(CompositionSampler.IsHeldOut(c.Composition) && CompositionSampler.IsLegal(c.Composition), c.Composition.ToString()));
            Assert.All(classes, c => Assert.NotEqual("", c.Description));
            Assert.Null(classes[0].Kind);
            Assert.Contains(classes, c => c.Kind is not null);
            if (classes.Any(c => c.Kind == DistractorKind.SwappedRoles)) twins++;
            // Wherever roles can be swapped to another effect, the swapped twin is there.
            if (classes[0].Composition is Pair { Relation: Relation.Left or Relation.Above, First: Term, Second: Term })
                Assert.Contains(classes, c => c.Kind == DistractorKind.SwappedRoles);
        }
        Assert.InRange(twins, 30, 60);
    }

    [Fact]
    public void EpisodesRepeatWithTheirSeed() =>
        Assert.Equal(Episode.Families(20, new Random(3)), Episode.Families(20, new Random(3)));

    [Fact]
    public void FamiliesDifferInRoleCountOrRelationOnly()
    {
        var random = new Random(5);
        for (int i = 0; i < 20; i++)
            foreach (IGrouping<int, EpisodeClass> family in Episode.Families(20, random).GroupBy(c => c.Family))
            {
                Assert.Null(family.First().Kind);
                Assert.All(family.Skip(1), c => Assert.True(c.Kind is DistractorKind.SwappedRoles or DistractorKind.OtherCount or DistractorKind.OtherRelation));
                Assert.Equal(family.Count() - 1, family.Skip(1).Select(c => c.Kind).Distinct().Count());
            }
    }

    [Fact]
    public void DescriptionsSaySideAndNumberWhereThatIsTheDifference()
    {
        var random = new Random(2);
        Composition left = Composition.Parse("left(star, eye)"), mirrored = Composition.Parse("left(eye, star)"), other = Composition.Parse("above(star, eye)");
        for (int i = 0; i < 100; i++) Assert.True(ClearDescription.SaysDirection(ClearDescription.Of(left, [left, mirrored], random)));
        Assert.Contains(Enumerable.Range(0, 200), _ => !ClearDescription.SaysDirection(ClearDescription.Of(left, [left, other], random)));

        Composition five = Composition.Parse("around(dot*5, heart)"), six = Composition.Parse("around(dot*6, heart)");
        for (int i = 0; i < 100; i++) Assert.True(ClearDescription.SaysCounts(ClearDescription.Of(five, [five, six], random), five));
        Assert.Contains(Enumerable.Range(0, 200), _ => !ClearDescription.SaysCounts(ClearDescription.Of(five, [five, other], random), five));
    }

    [Theory]
    [InlineData("a star to the left of an eye", true)]
    [InlineData("STAR LEFT, EYE RIGHT", true)]
    [InlineData("first a star, then an eye", true)]
    [InlineData("a star right next to an eye", false)]
    [InlineData("a star and an eye side by side", false)]
    public void KnowsWordsThatSayASide(string text, bool says) => Assert.Equal(says, ClearDescription.SaysDirection(text));

    [Fact]
    public void OneSigilHasOneKey()
    {
        Assert.Equal(Key("crossing(sword, arrow)"), Key("crossing(arrow, sword)"));
        Assert.Equal(Key("left(eye, left(star, key))"), Key("left(left(eye, star), key)"));
        Assert.NotEqual(Key("left(star, eye)"), Key("left(eye, star)"));
        Assert.NotEqual(Key("inside(star, circle)"), Key("inside(circle, star)"));

        static string Key(string text) => ClearDescription.Drawn(Composition.Parse(text));
    }

    [Fact]
    public void PlayersDescriptionsAreBuiltIn()
    {
        IReadOnlyList<(Composition Composition, string Description)> rows = PlayerDescriptions.Load();
        Assert.Equal(200, rows.Count);
        // Not legal ones only: people combine what the sampler never would. And no row in a failure's message: they are a test set.
        Assert.Equal(200, rows.Select(row => ClearDescription.Drawn(row.Composition)).Distinct().Count());
        Assert.True(rows.All(row => row.Composition.Terms.Count() <= 4 && row.Description.Length is > 3 and < 300));
    }

    [Fact]
    public void ListsWithBrokenLinesNameTheLine()
    {
        Assert.Contains("line 2", Assert.Throws<FormatException>(() => WordSentences.Read(new StringReader("star\ta star\nmoon a moon"), "list")).Message);
        Assert.Contains("second time", Assert.Throws<FormatException>(() => WordSentences.Read(new StringReader("star\ta star\nstar\tstar"), "list")).Message);
        Assert.Contains("line 1", Assert.Throws<FormatException>(() => PlayerDescriptions.Read(new StringReader("star"), "list")).Message);
        Assert.Equal("a star with five points", WordSentences.QuickDraw()["star"]);
    }

    [Fact]
    public void ReadsDrawingsPlainAndZipped()
    {
        const string lines = """
            {"word":"star","key_id":"1","recognized":true,"drawing":[[[0,10,20],[0,30,0]],[[5],[5]]]}

            {"word":"moon","drawing":[[[0.5,10],[0,-30]]]}
            """;
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string plain = Path.Combine(folder, "a.ndjson"), zipped = Path.Combine(folder, "b.ndjson.gz");
            File.WriteAllText(plain, lines);
            using (var gzip = new GZipStream(File.Create(zipped), CompressionMode.Compress)) gzip.Write(Encoding.UTF8.GetBytes(lines));
            foreach (string file in (string[])[plain, zipped])
            {
                IReadOnlyList<LabelledDrawing> drawings = DrawingsFile.Read(file);
                Assert.Equal(["star", "moon"], drawings.Select(d => d.Word));
                Assert.Equal([3, 1], drawings[0].Drawing.Strokes.Select(s => s.Count));
                Assert.Equal(-30, drawings[1].Drawing.Strokes[0][1].Y);
                Assert.Single(DrawingsFile.Read(file, new HashSet<string> { "moon" }));
            }
            byte[] damaged = File.ReadAllBytes(zipped);
            damaged[^20] ^= 0x5a;
            File.WriteAllBytes(zipped, damaged);
            Assert.Contains("b.ndjson.gz", Assert.Throws<FormatException>(() => DrawingsFile.Read(zipped)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{\"drawing\":[]}")]
    [InlineData("{\"word\":null,\"drawing\":[]}")]
    [InlineData("{\"word\":\"star\"}")]
    [InlineData("{\"word\":\"star\",\"drawing\":[[[1,2],[1]]]}")]
    [InlineData("{\"word\":\"star\",\"drawing\":[[[1,2]]]}")]
    [InlineData("{\"word\":\"star\",\"drawing\":[[[1e60],[1]]]}")]
    [InlineData("{\"word\":\"star\",\"drawing\":[[[\"1\"],[1]]]}")]
    [InlineData("{\"word\":\"star\",\"drawing\":7}")]
    public void BrokenDrawingsNameTheLine(string line) =>
        Assert.Contains("d.ndjson: line 2", Assert.Throws<FormatException>(() => DrawingsFile.Read(new StringReader("\n" + line), "d.ndjson")).Message);

    [Fact]
    public void AnUntrainedBackboneScoresByChance()
    {
        using Backbone backbone = TinyBackbone.Load();
        ZeroShotReport eight = SigilEvaluation.ZeroShot(backbone, 8, 6, 1);
        Assert.Equal(48, eight.Accuracy.Trials);
        Assert.InRange(eight.Accuracy.Value, 0, 0.45);
        Assert.True(eight.PerRelation["single"].Trials > 0);
        Assert.Empty(eight.PerDistractor);

        ZeroShotReport twenty = SigilEvaluation.Confusable(backbone, 20, 10, 1);
        Assert.InRange(twenty.Accuracy.Trials, 40, 100);
        Assert.NotEmpty(twenty.PerDistractor);
        Assert.Equal(twenty.Accuracy, SigilEvaluation.Confusable(backbone, 20, 10, 1).Accuracy);

        PlayerDescriptionsReport players = PlayerDescriptions.Evaluate(backbone, 8, 1, 1);
        Assert.InRange(players.Players.Value, 0, 0.45);
        Assert.Equal(200, players.PerRelation.Values.Sum(p => p.Trials));
    }

    [Fact]
    public void ExamplesAreKeptOutOfTheTest()
    {
        using Backbone backbone = Backbone.Load(Path.Combine(AppContext.BaseDirectory, "sigils.safetensors"));
        var random = new Random(1);
        LabelledDrawing[] drawings =
        [
            .. Enumerable.Range(0, 12).Select(_ => new LabelledDrawing("star", SigilArtist.Draw(new Term(Primitive.Star), HandStyle.Careful(random), random))),
            .. Enumerable.Range(0, 3).Select(_ => new LabelledDrawing("line", SigilArtist.Draw(new Term(Primitive.Line), HandStyle.Careful(random), random))),
            new LabelledDrawing("dishwasher", SigilArtist.Draw(new Term(Primitive.House), HandStyle.Careful(random), random)),
        ];
        DrawingsReport report = DrawingsEvaluation.Evaluate(backbone, drawings, new Dictionary<string, string> { ["line"] = "a line", ["star"] = "a star", ["sun"] = "a sun" }, seeds: 2);
        Assert.Equal(["line", "star"], report.Words.Select(w => w.Word));
        Assert.Equal(15, report.ZeroShot.Trials);
        Assert.Equal(2, report.AfterFive.Sample.Count);
        // A star and a line, carefully drawn, are not taken for one another.
        Assert.True(report.AfterFive.Value > 0.95, $"after five: {report.AfterFive.Value:P0}");
        Assert.Contains("expected at least 2", Assert.Throws<ArgumentException>(() =>
            DrawingsEvaluation.Evaluate(backbone, drawings, new Dictionary<string, string> { ["star"] = "a star" })).Message);
    }
}
