using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Adam (arXiv 1412.6980) for a table of which a step touches few rows: moments and values of the other rows stay as they
/// are, as in PyTorch's SparseAdam. With the usual form a rare row would go on moving long after its one gradient.
/// </summary>
internal sealed class RowAdam
{
    private const double Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-7;
    private readonly Tensor table, mean, square;

    /// <param name="table">[rows, width], a parameter.</param>
    public RowAdam(Tensor table)
    {
        this.table = table;
        mean = zeros_like(table).DetachFromDisposeScope();
        square = zeros_like(table).DetachFromDisposeScope();
    }

    /// <summary>First and second moments.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => [new("rows.m", mean), new("rows.v", square)];

    /// <summary>Updates the rows that have a gradient and clears it.</summary>
    /// <param name="rows">Their numbers, each once.</param>
    /// <param name="rate">The learning rate.</param>
    public void Step(Tensor rows, double rate)
    {
        using IDisposable untracked = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor gradient = table.grad!.index_select(0, rows);
        Tensor m = mean.index_select(0, rows).mul_(Beta1).add_(gradient, 1 - Beta1);
        Tensor v = square.index_select(0, rows).mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        mean.index_copy_(0, rows, m);
        square.index_copy_(0, rows, v);
        table.index_add_(0, rows, m.div(v.sqrt().add_(Epsilon)), -rate);
        table.grad!.zero_();
    }
}
