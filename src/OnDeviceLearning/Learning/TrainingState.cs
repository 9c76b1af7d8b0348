namespace OnDeviceLearning.Learning;

/// <summary>What a training program goes on from between two updates. Parameters lie one after the other in the order of training.</summary>
/// <param name="Step">Updates finished.</param>
/// <param name="Parameters">The trained parameters.</param>
/// <param name="Moments">The optimizer's memory of each: one value for momentum, two for Adam.</param>
internal sealed record TrainingState(int Step, float[] Parameters, float[][] Moments);
