namespace OnDeviceLearning.Learning;

/// <summary>The constants of light fine-tuning in a classifier.</summary>
internal sealed record EncoderTuningSettings
{
    public static readonly EncoderTuningSettings Default = new();

    /// <summary>Samples of an update.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Updates of a run.</summary>
    public int Updates { get; init; } = 300;

    /// <summary>The largest learning rate of AdamW; it rises over a tenth of the run and falls along half a cosine. Null: by kind.</summary>
    public float? Rate { get; init; }

    /// <summary>lambda of the pull to the shipped weights (L2-SP); for LoRA to the factors that change nothing.</summary>
    public float Pull { get; init; } = 1e-3f;

    /// <summary>The largest logit scale of the loss: sharper logits leave examples that are right already nothing to learn from.</summary>
    public float MaxScale { get; init; } = 10;

    /// <summary>Width of the LoRA pairs.</summary>
    public int Rank { get; init; } = 4;

    /// <summary>alpha of LoRA.</summary>
    public float Alpha { get; init; } = 8;

    /// <summary>The points of the dial that are judged beside 0, rising to 1.</summary>
    public IReadOnlyList<float> Dial { get; init; } = [0.25f, 0.5f, 0.75f, 1];

    /// <summary>By how many standard errors the held-out evidence must grow for the encoder to move at all.</summary>
    public double GuardErrors { get; init; } = 0.5;

    /// <summary>The fewest examples to tune with.</summary>
    public int LeastExamples { get; init; } = 10;

    public float RateOf(EncoderTuning tuning) => Rate ?? tuning switch
    {
        EncoderTuning.NormOnly => 2e-3f,
        EncoderTuning.LastBlock or EncoderTuning.Lora => 1e-3f,
        _ => 3e-4f,
    };
}
