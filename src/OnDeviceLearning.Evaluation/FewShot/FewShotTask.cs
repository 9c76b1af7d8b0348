namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>What a method learns from in one episode: some classes of a problem, and a few examples of each.</summary>
/// <param name="Problem">Where the features are.</param>
/// <param name="Classes">The episode's classes, as indices of the problem's.</param>
/// <param name="Support">The examples of each class, as indices of features; none for a class that is not taught.</param>
/// <param name="Seed">Of whatever a method draws.</param>
internal sealed record FewShotTask(FewShotProblem Problem, int[] Classes, int[][] Support, ulong Seed)
{
    public int Ways => Classes.Length;

    public int Examples => Support.Sum(s => s.Length);

    /// <summary>Whether all classes have a description.</summary>
    public bool IsDescribed => Classes.All(c => Problem.Descriptions[c] is not null);

    /// <summary>Description embedding of a class of the episode, which has one.</summary>
    public float[] Description(int way) => Problem.Descriptions[Classes[way]]!;

    /// <summary>Features and classes of all examples: the first of each class, then the second, as a player would show them.</summary>
    public IEnumerable<(float[] Feature, int Way)> Shown()
    {
        int longest = Support.Max(s => s.Length);
        for (int shot = 0; shot < longest; shot++)
            for (int way = 0; way < Ways; way++)
                if (shot < Support[way].Length) yield return (Problem.Features[Support[way][shot]], way);
    }
}
