using OnDeviceLearning.Devices.Cpu;

namespace OnDeviceLearning.Learning;

/// <summary>The two products of a head's objective, on the tiles of the CPU device: logits = f W', and dW += d' f.</summary>
internal static unsafe class HeadProducts
{
    /// <summary>Elements behind the end of an operand that may be read, and are dropped.</summary>
    public const int Slack = CpuBuffer.Slack;

    /// <summary>Classes of one panel of packed weights.</summary>
    public static int Panel => Gemm.Panel;

    /// <summary>Classes whose gradients are summed at once.</summary>
    public static int TileRows => Gemm.TileRows;

    public static int Panels(int classes) => Gemm.Panels(classes);

    public static int PackedLength(int classes, int width) => checked(Gemm.Panels(classes) * Gemm.Panel * width);

    /// <summary>Packs the weights [classes, width] of one panel as [width, panel].</summary>
    public static void Pack(float[] weights, int classes, int width, int panel, float[] packed)
    {
        int first = panel * Gemm.Panel;
        fixed (float* w = weights, target = packed)
            WeightPanels.PackTransposed(w + (long)first * width, width, width, Math.Min(Gemm.Panel, classes - first), target + (long)first * width);
    }

    /// <summary>logits [rows, classes] of one panel of classes from features [rows, width].</summary>
    public static void Logits(float[] features, int rows, int width, float[] packed, int panel, int classes, float[] logits)
    {
        int first = panel * Gemm.Panel;
        fixed (float* f = features, w = packed, target = logits)
            Gemm.Multiply(rows, Math.Min(Gemm.Panel, classes - first), width, f, width, 1, w + (long)first * width, 0, Gemm.Panel, target + first, classes);
    }

    /// <summary>Products of one vector [width] with each row of a head [classes, width].</summary>
    public static void Cosines(ReadOnlySpan<float> vector, float[] head, int classes, int width, Span<float> products)
    {
        fixed (float* a = vector, b = head, target = products)
            MatMulKernel.DotProducts(a, b, width, classes, target);
    }

    /// <summary>gradient [classes, width] of classes first..end += slopes' [classes, rows] * features [rows, width].</summary>
    public static void AddGradient(float[] slopes, float[] features, int rows, int width, int classes, int first, int end, float[] gradient)
    {
        fixed (float* d = slopes, f = features, target = gradient)
        {
            float** pairs = stackalloc float*[2 * rows];
            for (int r = 0; r < rows; r++)
            {
                pairs[2 * r] = d + (long)r * classes;
                pairs[2 * r + 1] = f + (long)r * width;
            }
            float* sums = stackalloc float[Gemm.TileFloats];
            TileTarget tile = new() { Alpha = 1, Tile = sums, CRow = width, Accumulate = true };
            for (int c = first; c < end; c += Gemm.TileRows)
                for (int column = 0; column < width; column += Gemm.Panel)
                {
                    tile.Rows = Math.Min(Gemm.TileRows, end - c);
                    tile.Columns = Math.Min(Gemm.Panel, width - column);
                    tile.C = target + (long)c * width + column;
                    Gemm.Outer(rows, pairs, c, column, ref tile);
                }
        }
    }
}
