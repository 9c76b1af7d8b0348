using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

/// <summary>What a class's weight may do while a head is fitted.</summary>
internal enum ClassRole : byte
{
    /// <summary>It has neither description nor example: it takes no part in the softmax.</summary>
    Absent,
    /// <summary>It stays at its target.</summary>
    Fixed,
    /// <summary>It is fitted.</summary>
    Free,
}

/// <summary>
/// The objective of description-conditioned transfer (CLAP, arXiv 2312.12730):
/// <c>sum_i v_i CE(softmax(tau cos(w_c, f_i)), y_i) + sum_c lambda_c (|w_c/|w_c| - t_c|^2 + (|w_c| - 1)^2)</c>,
/// with gradient. Cosines, as in prediction: fitted with plain dot products a few taught classes grow long weights that
/// swallow the untaught ones. An evaluation is cut into units of about <see cref="UnitCost"/> multiply-adds, so that it
/// can stop anywhere; where it stopped changes no bit. Not thread-safe; allocates only when it grows.
/// </summary>
internal sealed class HeadObjective
{
    /// <summary>Multiply-adds of one unit of work: some 10 to 50 microseconds.</summary>
    public const int UnitCost = 49_152;

    // A dot product of short vectors costs more than its multiply-adds.
    private const int CallCost = 32;

    private enum Stage { Lengths, Pack, Logits, Softmax, Gradient, Pull, Done }

    private const int BlockRows = 32;

    private float[] block = [];       // [BlockRows, C] logits, then d loss / d logit
    private float[] blockFeatures = []; // [BlockRows, D], gathered
    private float[] packed = [];      // w, as products with examples read it
    private float[] inverseLengths = [];  // [C] 1 / |w_c|
    private float[] difference = [];      // [D]
    private Stage stage;
    private int first;                // first example of the block
    private int cursor;               // next (class, row) pair or class within the stage
    private double loss;
    private float[] weights = [];
    private float[] gradient = [];

    public int Classes { get; private set; }
    public int Width { get; private set; }
    public int Count { get; private set; }

    /// <summary>Logit scale tau.</summary>
    public float Scale { get; set; }

    /// <summary>Example features; the first <see cref="Count"/> are used. Each [D].</summary>
    public float[][] Features { get; private set; } = [];

    /// <summary>Class index of each example.</summary>
    public int[] Labels { get; private set; } = [];

    /// <summary>Weight v_i of each example; 0 leaves it out.</summary>
    public float[] ExampleWeights { get; private set; } = [];

    /// <summary>Targets t [C, D].</summary>
    public float[] Targets { get; private set; } = [];

    /// <summary>lambda_c of each class.</summary>
    public float[] Pulls { get; private set; } = [];

    /// <summary>
    /// Pull of lengths to 1 where a class's lambda is less. Nothing else depends on lengths, so it moves no minimum; too weak, it makes
    /// the way there long.
    /// </summary>
    public float LengthPull { get; set; }

    /// <summary>What each class may do.</summary>
    public ClassRole[] Roles { get; private set; } = [];

    /// <summary>The value at the weights last evaluated.</summary>
    public double Value => loss;

    /// <summary>Sets the sizes and grows what is too small.</summary>
    public void Resize(int classes, int width, int count)
    {
        (Classes, Width, Count) = (classes, width, count);
        // Products read, and drop, a little beyond the end of a row.
        block = Grow(block, BlockRows * classes + HeadProducts.Slack);
        blockFeatures = Grow(blockFeatures, BlockRows * width + HeadProducts.Slack);
        packed = Grow(packed, HeadProducts.PackedLength(classes, width));
        inverseLengths = Grow(inverseLengths, classes);
        difference = Grow(difference, width);
        Features = Grow(Features, count);
        Labels = Grow(Labels, count);
        ExampleWeights = Grow(ExampleWeights, count);
        Targets = Grow(Targets, classes * width);
        Pulls = Grow(Pulls, classes);
        Roles = Grow(Roles, classes);
    }

    // What most players ever teach fits at once: a frame in which a run begins then allocates nothing.
    private const int LeastLength = 256;

    internal static T[] Grow<T>(T[] array, int length)
    {
        if (array.Length >= length) return array;
        return new T[Math.Max(Math.Max(length, LeastLength), 2 * array.Length)];
    }

    /// <summary>How many vectors of the width make up one unit of work.</summary>
    public int VectorsPerUnit => Math.Max(1, UnitCost / (Width + CallCost));

    /// <summary>Starts an evaluation at <paramref name="weights"/> [C, D] that fills <paramref name="gradient"/> [C, D].</summary>
    public void Begin(float[] weights, float[] gradient)
    {
        this.weights = weights;
        this.gradient = gradient;
        loss = 0;
        cursor = 0;
        first = 0;
        stage = Stage.Lengths;
    }

    /// <summary>Does one unit of work.</summary>
    /// <returns>True when the evaluation is complete.</returns>
    public bool Step()
    {
        switch (stage)
        {
            case Stage.Lengths: Lengths(); break;
            case Stage.Pack: Pack(); break;
            case Stage.Logits: Logits(); break;
            case Stage.Softmax: Softmax(); break;
            case Stage.Gradient: Gradient(); break;
            case Stage.Pull: Pull(); break;
        }
        return stage == Stage.Done;
    }

    private int RowsOfBlock => Math.Min(BlockRows, Count - first);

    private void NextStage(Stage next)
    {
        stage = next;
        cursor = 0;
    }

    private void NextBlock(int from)
    {
        first = from;
        while (first < Count && ExampleWeights[first] == 0) first++;
        NextStage(first < Count ? Stage.Logits : Stage.Pull);
    }

    private void Lengths()
    {
        int end = Math.Min(Classes, cursor + VectorsPerUnit);
        for (; cursor < end; cursor++)
        {
            gradient.AsSpan(cursor * Width, Width).Clear();
            if (Roles[cursor] == ClassRole.Absent) continue;
            inverseLengths[cursor] = 1 / Math.Max(1e-6f, TensorPrimitives.Norm<float>(weights.AsSpan(cursor * Width, Width)));
        }
        if (cursor == Classes) NextStage(Stage.Pack);
    }

    private void Pack()
    {
        int panels = HeadProducts.Panels(Classes), end = Math.Min(panels, cursor + Math.Max(1, UnitCost / (2 * Width * HeadProducts.Panel)));
        for (; cursor < end; cursor++) HeadProducts.Pack(weights, Classes, Width, cursor, packed);
        if (cursor == panels) NextBlock(0);
    }

    // The pull lambda (|u - t|^2 + (|w| - 1)^2), u = w / |w|. The gradient with respect to u becomes that with respect to w,
    // (g - (g.u) u) / |w|. The length has its own term because the rest does not see it: pulled by |w - t|^2 instead, weights
    // under contradictory labels shrink to nothing, where their direction is arbitrary and no fit converges.
    private void Pull()
    {
        int end = Math.Min(Classes, cursor + Math.Max(1, VectorsPerUnit / 4));
        for (; cursor < end; cursor++)
        {
            Span<float> g = gradient.AsSpan(cursor * Width, Width), apart = difference.AsSpan(0, Width);
            if (Roles[cursor] != ClassRole.Free)
            {
                g.Clear();
                continue;
            }
            ReadOnlySpan<float> w = weights.AsSpan(cursor * Width, Width);
            float inverse = inverseLengths[cursor], pull = Pulls[cursor];
            TensorPrimitives.Multiply(w, inverse, apart);
            TensorPrimitives.Subtract(apart, Targets.AsSpan(cursor * Width, Width), apart);
            double beyond = 1.0 / inverse - 1;
            float lengthPull = Math.Max(pull, LengthPull);
            loss += pull * TensorPrimitives.SumOfSquares<float>(apart) + lengthPull * beyond * beyond;
            TensorPrimitives.MultiplyAdd(apart, 2 * pull, g, g);
            float along = TensorPrimitives.Dot<float>(g, w) * inverse * inverse;
            TensorPrimitives.MultiplyAdd(w, -along, g, g);
            TensorPrimitives.Multiply(g, inverse, g);
            TensorPrimitives.MultiplyAdd(w, (float)(2 * lengthPull * beyond) * inverse, g, g);
        }
        if (cursor == Classes) NextStage(Stage.Done);
    }

    // A panel of classes at a time, for all examples of the block.
    private void Logits()
    {
        int rows = RowsOfBlock, panels = HeadProducts.Panels(Classes), end = Math.Min(panels, cursor + PanelsPerUnit);
        if (cursor == 0)
            for (int row = 0; row < rows; row++) Features[first + row].AsSpan(0, Width).CopyTo(blockFeatures.AsSpan(row * Width));
        for (; cursor < end; cursor++)
        {
            HeadProducts.Logits(blockFeatures, rows, Width, packed, cursor, Classes, block);
            for (int row = 0; row < rows; row++)
                for (int c = cursor * HeadProducts.Panel; c < Math.Min(Classes, (cursor + 1) * HeadProducts.Panel); c++)
                {
                    ref float logit = ref block[row * Classes + c];
                    logit = Roles[c] == ClassRole.Absent ? float.NegativeInfinity : Scale * inverseLengths[c] * logit;
                }
        }
        if (cursor == panels) NextStage(Stage.Softmax);
    }

    private int PanelsPerUnit => Math.Max(1, 8 * UnitCost / (BlockRows * Width * HeadProducts.Panel));

    private void Softmax()
    {
        int rows = RowsOfBlock, end = Math.Min(rows, cursor + Math.Max(1, UnitCost / (16 * Classes)));
        for (; cursor < end; cursor++)
        {
            Span<float> r = block.AsSpan(cursor * Classes, Classes);
            float v = ExampleWeights[first + cursor];
            if (v == 0)
            {
                r.Clear();
                continue;
            }
            int label = Labels[first + cursor];
            float target = r[label];
            loss += v * (LogSumExp(r) - target);
            float factor = v * Scale;
            TensorPrimitives.Multiply(r, factor, r);
            r[label] -= factor;
        }
        if (cursor == rows) NextStage(Stage.Gradient);
    }

    /// <summary>Turns logits into probabilities in place; returns log sum exp. Minus infinity gets probability 0.</summary>
    internal static double LogSumExp(Span<float> logits)
    {
        float max = TensorPrimitives.Max<float>(logits);
        TensorPrimitives.Subtract(logits, max, logits);
        TensorPrimitives.Exp<float>(logits, logits);
        float sum = TensorPrimitives.Sum<float>(logits);
        TensorPrimitives.Multiply(logits, 1 / sum, logits);
        return max + Math.Log(sum);
    }

    // A dozen classes at a time: their gradients stay in registers while the block's examples are added. Classes that are
    // not free get one, too, which nobody reads: the minimizer moves by what Pull leaves, and it clears them.
    private void Gradient()
    {
        int rows = RowsOfBlock, end = Math.Min(Classes, cursor + Math.Max(1, 8 * UnitCost / (rows * Width * HeadProducts.TileRows)) * HeadProducts.TileRows);
        HeadProducts.AddGradient(block, blockFeatures, rows, Width, Classes, cursor, end, gradient);
        cursor = end;
        if (cursor == Classes) NextBlock(first + rows);
    }
}
