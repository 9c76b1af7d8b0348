using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>One step's worth of drawings with their descriptions.</summary>
/// <param name="Images">[N, 64, 64], ink 1, paper 0.</param>
/// <param name="Tokens">[N, L], padded with 0.</param>
/// <param name="Lengths">[N] number of tokens.</param>
/// <param name="Facts">[N, <see cref="CompositionAttributes.Count"/>].</param>
/// <param name="Compositions">[N] canonical texts; equal ones count as one another's positives.</param>
/// <param name="Hands">Characters by people, where there are any.</param>
internal sealed record SigilBatch(float[] Images, int[] Tokens, int[] Lengths, float[] Facts, string[] Compositions, HandBatch? Hands);

/// <summary>
/// Makes training batches on a thread of its own, a few ahead. The batch of a step depends on the seed, the step and the
/// length of the plan alone, so that a resumed run sees what an uninterrupted one would have seen, but for the few batches
/// made ahead while the plan was.
/// </summary>
internal sealed class SigilBatches : IDisposable
{
    /// <summary>The share of groups in which every member is a single plain shape: telling shapes apart comes before all else.</summary>
    private const double PlainGroups = 0.35;

    /// <summary>The share of the other groups that begin with three parts, beyond those the sampler gives by itself.</summary>
    private const double ThreePartGroups = 0.25;

    private readonly TextTokenizer tokenizer;
    private readonly int size;
    private readonly int seed;
    private readonly Func<long> totalSteps;
    private readonly bool continues;
    private readonly HandBatches? hands;
    private readonly BatchQueue<SigilBatch> queue;

    /// <param name="continues">Whether the encoders have been trained before: the hardest groups come at once.</param>
    /// <param name="hands">Where every batch gets characters by people from.</param>
    public SigilBatches(TextTokenizer tokenizer, int size, int seed, long firstStep, Func<long> totalSteps, bool continues = false, HandBatches? hands = null)
    {
        this.hands = hands;
        this.continues = continues;
        this.tokenizer = tokenizer;
        this.size = size;
        this.seed = seed;
        this.totalSteps = totalSteps;
        queue = new BatchQueue<SigilBatch>(Make, firstStep);
    }

    /// <summary>The next step's batch; waits for it.</summary>
    public SigilBatch Next() => queue.Next();

    private SigilBatch Make(long step)
    {
        var random = new Random(BatchQueue<SigilBatch>.Seed(seed, step));
        const int side = SigilsModel.ImageSize;
        var images = new float[size * side * side];
        var facts = new float[size * CompositionAttributes.Count];
        var texts = new int[size][];
        var compositions = new string[size];
        int groupSize = GroupSize(step);
        Composition first = SampleTrained(random), composition = first;
        bool plain = false;
        for (int i = 0; i < size; i++)
        {
            if (i % groupSize == 0)
            {
                plain = random.NextDouble() < PlainGroups;
                composition = first = plain ? Plain(random) : SampleTrained(random, threeParts: random.NextDouble() < ThreePartGroups);
            }
            else
            {
                composition = plain ? Plain(random) : DistractorTrained(random.Next(2) == 0 ? first : composition, random);
            }
            compositions[i] = composition.ToString();
            Drawing drawing = SigilArtist.Draw(composition, HandStyle.Sample(random), random);
            DrawingRasterizer.Rasterize(drawing, side, images.AsSpan(i * side * side, side * side));
            texts[i] = tokenizer.Encode(DescriptionGrammar.Describe(composition, random));
            CompositionAttributes.Write(composition, facts.AsSpan(i * CompositionAttributes.Count, CompositionAttributes.Count));
        }

        int longest = texts.Max(t => t.Length);
        var tokens = new int[size * longest];
        for (int i = 0; i < size; i++) texts[i].CopyTo(tokens, i * longest);
        return new SigilBatch(images, tokens, texts.Select(t => t.Length).ToArray(), facts, compositions, hands?.Make(random));
    }

    /// <summary>
    /// Members of a group differ from its first or from each other by one thing: the negatives a contrastive task learns
    /// most from. Groups grow as the easier differences are learnt.
    /// </summary>
    private int GroupSize(long step) => continues ? 16 : ((double)step / totalSteps()) switch
    {
        < 0.12 => 4,
        < 0.4 => 8,
        _ => 16,
    };

    /// <summary>Shapes that people draw in the most ways, and that are taken for one another.</summary>
    private static readonly Primitive[] protean =
        [Primitive.Zigzag, Primitive.Wave, Primitive.Bolt, Primitive.Hexagon, Primitive.Snowflake, Primitive.Sword, Primitive.Star, Primitive.Tree, Primitive.Crescent];

    private static Term Plain(Random random) =>
        new(random.NextDouble() < 0.35 ? protean[random.Next(protean.Length)] : (Primitive)random.Next(Enum.GetValues<Primitive>().Length));

    /// <summary>Who is above whom among three is the hardest thing to learn.</summary>
    private static Composition SampleTrained(Random random, bool threeParts = false)
    {
        while (true)
        {
            Composition c = CompositionSampler.Sample(random);
            if (!CompositionSampler.IsHeldOut(c) && (!threeParts || c is Pair { First: Pair } or Pair { Second: Pair })) return c;
        }
    }

    private static Composition DistractorTrained(Composition of, Random random)
    {
        for (int attempt = 0; attempt < 8; attempt++)
        {
            if (Confusable(of, random) is { } c && !CompositionSampler.IsHeldOut(c)) return c;
        }
        return SampleTrained(random);
    }

    /// <summary>Who is above whom, and how many, is harder than the rest and asked more often.</summary>
    private static Composition? Confusable(Composition of, Random random) => random.NextDouble() switch
    {
        < 0.3 => CompositionSampler.Distractor(of, DistractorKind.SwappedRoles, random),
        < 0.6 => CompositionSampler.Distractor(of, DistractorKind.OtherCount, random),
        _ => CompositionSampler.Distractor(of, random),
    };

    /// <summary>Stops the thread.</summary>
    public void Dispose() => queue.Dispose();
}
