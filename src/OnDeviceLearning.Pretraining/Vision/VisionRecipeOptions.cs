namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>What an image recipe is asked for.</summary>
/// <param name="Out">The backbone file to write.</param>
/// <param name="Data">The data folder; that of <c>ODL_DATA</c> if null.</param>
/// <param name="Seed">Seed of weights and batches.</param>
/// <param name="Minutes">Training time; a resumed run goes on with what is left of its plan, or, with other minutes, for so long from now.</param>
/// <param name="Threads">Threads torch may use; batches are made on one more.</param>
/// <param name="CheckpointFolder">Where the state is kept every few minutes; a run found there is resumed.</param>
public sealed record VisionRecipeOptions(string Out, string? Data, int Seed, double Minutes, int Threads, string CheckpointFolder)
{
    /// <summary>What cannot be written is better known before training than after.</summary>
    internal void Prepare()
    {
        if (Directory.Exists(Out)) throw new IOException($"{Out} is a folder; expected the name of a file to write.");
        if (Path.GetDirectoryName(Path.GetFullPath(Out)) is { } folder) Directory.CreateDirectory(folder);
        Directory.CreateDirectory(CheckpointFolder);
        TorchSharp.torch.set_num_threads(Threads);
    }
}
