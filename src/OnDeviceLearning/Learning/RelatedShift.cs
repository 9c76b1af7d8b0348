using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

/// <summary>
/// What the taught classes say about those that are only described. A weight that was learnt from inputs lies nearer to all inputs
/// than one that is a text, and part of what it learnt belongs to no class: how this player draws, what texts of this kind have in
/// common. Left where they are, untaught classes lose their inputs to the taught ones, the more the more examples those have. So
/// each moves as its taught relatives do, and somewhat further: by a multiple of the mean of w_c - t_c, weighted by how much the
/// descriptions mean the same (the related tasks, with a closed form in place of a pull). A class whose description its own examples contradict moved because of
/// that, which is no news of others, and counts by how far it is believed. Works in units, and where they fell changes no bit.
/// </summary>
internal sealed class RelatedShift
{
    private float[] moves = [];   // [C, D] w_c - t_c of each taught class with a description
    private double[] beliefs = []; // [C] of those; negative for all other classes
    private double kinship, scale, total;
    private Func<int, int, double>? nearness;
    private int classes, width, cursor;

    /// <summary>Sets the sizes and grows what is too small.</summary>
    public void Resize(int classes, int width)
    {
        (this.classes, this.width) = (classes, width);
        moves = HeadObjective.Grow(moves, classes * width);
        beliefs = HeadObjective.Grow(beliefs, classes);
    }

    /// <summary>Begins anew: no class has moved.</summary>
    /// <param name="kinship">See <see cref="HeadTrainingSettings.Kinship"/>.</param>
    /// <param name="nearness">See <see cref="HeadTrainingSettings.Nearness"/>.</param>
    /// <param name="scale">How many times as far as the taught classes an untaught one moves.</param>
    public void Begin(double kinship, Func<int, int, double>? nearness, double scale)
    {
        (this.kinship, this.nearness, this.scale) = (kinship, nearness, scale);
        Array.Fill(beliefs, -1, 0, classes);
        cursor = 0;
    }

    /// <summary>Adds a taught, described class.</summary>
    /// <param name="c">Its index.</param>
    /// <param name="target">Unit description embedding [D].</param>
    /// <param name="learnt">What was learnt [D].</param>
    /// <param name="mix">How far the head goes there if the guard lets it.</param>
    /// <param name="belief">How far the description is believed, 0 to 1.</param>
    public void Add(int c, ReadOnlySpan<float> target, ReadOnlySpan<float> learnt, double mix, double belief)
    {
        Span<float> move = moves.AsSpan(c * width, width);
        TensorPrimitives.Multiply(target, (float)(1 - mix), move);
        TensorPrimitives.MultiplyAdd(learnt, (float)mix, move, move);
        Unit.Normalize(move);
        TensorPrimitives.Subtract(move, target, move);
        beliefs[c] = belief;
    }

    /// <summary>Goes on with what untaught classes are to become, t_u + s_u, once all taught ones are added.</summary>
    /// <param name="targets">t [C, D]</param>
    /// <param name="untaught">Which classes have a description and no example.</param>
    /// <param name="results">[C, D]; rows of other classes stay as they are.</param>
    /// <param name="mixes">[C]; set to 1 for each class that moved.</param>
    /// <param name="vectors">How many vectors to work on.</param>
    /// <returns>True when all is done.</returns>
    public bool Step(ReadOnlySpan<float> targets, ReadOnlySpan<bool> untaught, Span<float> results, Span<double> mixes, int vectors)
    {
        for (; cursor < (long)classes * classes && vectors > 0; cursor++, vectors--)
        {
            int u = cursor / classes, c = cursor % classes;
            if (!untaught[u])
            {
                cursor += classes - 1;
                continue;
            }
            ReadOnlySpan<float> own = targets.Slice(u * width, width);
            Span<float> result = results.Slice(u * width, width);
            if (c == 0)
            {
                result.Clear();
                total = 0;
            }
            if (beliefs[c] >= 0)
            {
                double near = nearness?.Invoke(u, c) ?? double.NaN;
                if (double.IsNaN(near)) near = TensorPrimitives.Dot(own, targets.Slice(c * width, width));
                double weight = Math.Exp(kinship * (near - 1));
                total += weight;
                TensorPrimitives.MultiplyAdd(moves.AsSpan(c * width, width), (float)(weight * beliefs[c]), result, result);
            }
            if (c < classes - 1) continue;
            if (total == 0)
            {
                own.CopyTo(result);
                continue;
            }
            TensorPrimitives.MultiplyAdd(result, (float)(scale / total), own, result);
            mixes[u] = 1;
        }
        return cursor >= (long)classes * classes;
    }
}
