namespace OnDeviceLearning.Datasets;

/// <summary>A text and the name of what it asks for.</summary>
public readonly record struct LabelledText(string Text, string Intent);
