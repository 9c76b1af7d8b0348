using OnDeviceLearning.Learning;

namespace OnDeviceLearning;

/// <summary>Which parameters of an encoder light fine-tuning moves. Statistics of batch normalisations never move.</summary>
public enum EncoderTuning
{
    /// <summary>None: only what reads the embeddings learns.</summary>
    None,
    /// <summary>The last block; see <see cref="TunedParameters.LastBlock"/>.</summary>
    LastBlock,
    /// <summary>Gains and biases of the normalisations.</summary>
    NormOnly,
    /// <summary>Low-rank pairs beside the linear layers and convolutions (LoRA, arXiv 2106.09685); see <see cref="LoraGraph"/>.</summary>
    Lora,
    /// <summary>Everything.</summary>
    All,
}
