using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>
/// Where the gradients and the optimizer state of the trained parameters lie: as the parameters do, without those that
/// are frozen. Neighbours make one run, which one operation updates.
/// </summary>
internal sealed class TrainableLayout
{
    /// <summary>A range of the parameters and, equally long, of gradients and optimizer state.</summary>
    public readonly record struct Run(BufferRange Parameters, int Offset);

    private readonly Dictionary<string, (int Offset, int Length)> places = [];
    private readonly List<string> names = []; // in the order in which they lie

    public TrainableLayout(ParameterSet parameters, Func<string, bool> trainable)
    {
        var runs = new List<Run>();
        long end = 0;
        bool open = false;
        foreach (GraphParameter parameter in parameters.Order)
        {
            if (parameter.IsStatistic || !trainable(parameter.Name))
            {
                open = false;
                continue;
            }
            BufferRange range = parameters[parameter.Name];
            int offset = (int)ArenaPlanner.Aligned(end);
            places.Add(parameter.Name, (offset, range.Length));
            names.Add(parameter.Name);
            end = offset + range.Length;
            if (open)
            {
                Run last = runs[^1];
                runs[^1] = last with { Parameters = last.Parameters with { Length = range.Offset + range.Length - last.Parameters.Offset } };
            }
            else
            {
                runs.Add(new Run(range, offset));
            }
            open = true;
        }
        Runs = runs;
        Length = (int)end;
    }

    public IReadOnlyList<Run> Runs { get; }

    /// <summary>Elements of gradients, with the padding between parameters, which stays zero.</summary>
    public int Length { get; }

    public IReadOnlyList<string> Names => names;

    /// <summary>The place of a parameter's gradient; null where it is frozen.</summary>
    public (int Offset, int Length)? this[string parameter] => places.TryGetValue(parameter, out (int, int) place) ? place : null;
}
