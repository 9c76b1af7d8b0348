namespace OnDeviceLearning;

/// <summary>Names one taught example within its classifier and its saves, so that it can be forgotten.</summary>
/// <param name="Value">Counts up from 1 in the order of teaching.</param>
public readonly record struct ExampleId(int Value);
