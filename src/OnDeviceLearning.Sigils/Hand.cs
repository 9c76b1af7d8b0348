namespace OnDeviceLearning.Sigils;

/// <summary>
/// The habits of one drawing hand. Lengths are fractions of half the longer side of the part they apply to.
/// </summary>
public sealed record HandStyle
{
    /// <summary>Slow wandering off the intended line.</summary>
    public float Wobble { get; init; }

    /// <summary>Fast shaking, point by point.</summary>
    public float Tremor { get; init; }

    /// <summary>How far corners miss their place, which makes sides unequal.</summary>
    public float CornerJitter { get; init; }

    /// <summary>0 keeps corners sharp, 1 cuts them round.</summary>
    public float CornerRounding { get; init; }

    /// <summary>How far strokes end before or beyond the point where they should close.</summary>
    public float Closure { get; init; }

    /// <summary>How far whole strokes miss their place.</summary>
    public float Misplacement { get; init; }

    /// <summary>Width over height this hand gives to things drawn square.</summary>
    public float Aspect { get; init; } = 1;

    /// <summary>Leaning of uprights, as a tangent.</summary>
    public float Shear { get; init; }

    /// <summary>Turn of the whole drawing, in radians.</summary>
    public float Slant { get; init; }

    /// <summary>Pen width as a fraction of the drawing's longer side; 0 leaves the default.</summary>
    public float PenWidth { get; init; }

    /// <summary>Longest step between two points: small gives smooth lines, large the chords of a fast hand or a simplified recording.</summary>
    public float Step { get; init; } = 0.12f;

    /// <summary>Chance to lift the pen at the corners of a closed shape.</summary>
    public float Split { get; init; }

    /// <summary>Chance to leave the pen down between two strokes, so that the way over shows.</summary>
    public float Join { get; init; }

    /// <summary>Chance to go over a line twice.</summary>
    public float Retrace { get; init; }

    /// <summary>Chance of a small hook where a stroke starts or ends.</summary>
    public float Hook { get; init; }

    /// <summary>Chance that a single shape is left unfinished, as in games that stop a drawing once it is recognised.</summary>
    public float Unfinished { get; init; }

    /// <summary>
    /// How far the whole drawing is bent out of shape, as if the sheet were rubber: top and bottom, left and right differ in
    /// size, straight rows sag. A fraction of half the drawing's longer side.
    /// </summary>
    public float Warp { get; init; }

    /// <summary>Carelessness in placing parts: offsets, unequal copies, uneven gaps.</summary>
    public float Looseness { get; init; }

    /// <summary>Somebody who takes the time.</summary>
    public static HandStyle Careful(Random random) => Of(random, random.Between(0, 0.3f));

    /// <summary>Somebody in a hurry, or with a mouse.</summary>
    public static HandStyle Sloppy(Random random) => Of(random, random.Between(0.9f, 1.4f));

    /// <summary>Any hand, from careful to sloppy, for training.</summary>
    public static HandStyle Sample(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        // Most people are in the middle, with long tails on both sides.
        return Of(random, Math.Clamp(0.6f + random.Around(0.38f), 0, 1.45f)) with
        {
            Unfinished = 0.3f,
            Warp = random.Maybe(0.6f) ? random.Between(0, 0.14f) : 0,
        };
    }

    private static HandStyle Of(Random random, float care)
    {
        ArgumentNullException.ThrowIfNull(random);
        // Each habit has its own strength, so that a shaky hand may still close its shapes.
        float Habit(float most) => most * care * random.Between(0.1f, 1);
        return new HandStyle
        {
            Wobble = Habit(0.13f),
            Tremor = random.Maybe(0.3f) ? Habit(0.035f) : Habit(0.008f),
            CornerJitter = Habit(0.2f),
            CornerRounding = random.Maybe(0.5f) ? Habit(1) : Habit(0.25f),
            Closure = random.Maybe(0.08f) ? Habit(0.7f) : Habit(0.26f),
            Misplacement = Habit(0.12f),
            Aspect = Math.Clamp(MathF.Exp(random.Around(0.06f + 0.12f * care)), 0.65f, 1.5f),
            Shear = random.Around(0.03f + 0.1f * care),
            Slant = Math.Clamp(random.Tilt(1.5f + 4 * care), -0.2f, 0.2f),
            PenWidth = random.Maybe(0.3f) ? 0 : random.Maybe(0.85f) ? random.Between(0.026f, 0.054f) : random.Between(0.012f, 0.03f),
            Step = random.Maybe(0.35f) ? random.Between(0.05f, 0.1f) : random.Between(0.1f, 0.1f + 0.25f * care),
            Split = random.Maybe(0.4f) ? random.Between(0.2f, 0.9f) : 0,
            Join = random.Maybe(0.2f) ? Habit(0.35f) : 0,
            Retrace = random.Maybe(0.15f) ? Habit(0.4f) : 0,
            Hook = random.Maybe(0.3f) ? Habit(0.6f) : Habit(0.08f),
            Looseness = care * random.Between(0.4f, 1),
        };
    }
}
