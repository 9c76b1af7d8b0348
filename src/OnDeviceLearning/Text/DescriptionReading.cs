namespace OnDeviceLearning;

/// <summary>How a word of a description was read.</summary>
/// <param name="Word">The word as written, in lower case.</param>
/// <param name="Certainty">
/// From 0 (not understood) to 1. It grows with the logarithm of how often the backbone met the word in training and is
/// lower for a word that had to be corrected. Words without a meaning of their own (a, the, of, with, ...) have 1.
/// </param>
/// <param name="ReadAs">What the word was taken for where that is not what was written; otherwise null.</param>
public sealed record WordReading(string Word, double Certainty, string? ReadAs);

/// <summary>How much of a description the backbone understood.</summary>
/// <param name="Understood">
/// Mean certainty of the words that carry meaning, 0 to 1; 0 where nothing was understood or there is no such word.
/// </param>
/// <param name="Words">Every word in order; punctuation is left out.</param>
public sealed record DescriptionReading(double Understood, IReadOnlyList<WordReading> Words);
