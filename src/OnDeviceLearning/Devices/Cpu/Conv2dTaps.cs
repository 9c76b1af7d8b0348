using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Which pixel of the source each tap (kernel element) of a target pixel meets. A convolution's target is its output and its
/// source its input; for the input gradient they are the other way round, and with a stride each target pixel meets only
/// some of the taps: pixels of one phase, equal modulo the stride, meet the same ones.
/// </summary>
internal sealed class Conv2dTaps
{
    private readonly int[] rows, columns; // [target row or column, kernel row or column]: the source's; -1 outside

    public Conv2dTaps(Conv2dOperation op, bool gradient)
    {
        (TargetH, TargetW) = gradient ? (op.H, op.W) : (op.OutH, op.OutW);
        (SourceH, SourceW) = gradient ? (op.OutH, op.OutW) : (op.H, op.W);
        (KernelH, KernelW) = (op.KernelH, op.KernelW);
        rows = Table(TargetH, KernelH, SourceH);
        columns = Table(TargetW, KernelW, SourceW);
        int step = gradient ? op.Stride : 1;
        Phases = new Phase[step * step];
        for (int i = 0; i < Phases.Length; i++)
        {
            int row = i / step, column = i % step;
            var taps = new int[KernelH * KernelW];
            int count = 0;
            for (int kh = 0; kh < KernelH; kh++)
                for (int kw = 0; kw < KernelW; kw++)
                    if (!gradient || ((row + op.Padding - kh * op.Dilation) % op.Stride == 0 && (column + op.Padding - kw * op.Dilation) % op.Stride == 0))
                        taps[count++] = kh * KernelW + kw;
            Phases[i] = new Phase(row, column, step, (TargetH - row + step - 1) / step, (TargetW - column + step - 1) / step, taps.AsSpan(0, count).ToArray());
        }

        int[] Table(int targets, int taps, int sources)
        {
            var table = new int[targets * taps];
            for (int t = 0; t < targets; t++)
                for (int k = 0; k < taps; k++)
                {
                    long at = gradient ? (long)t + op.Padding - (long)k * op.Dilation : (long)t * op.Stride - op.Padding + (long)k * op.Dilation;
                    if (gradient) at = at % op.Stride == 0 ? at / op.Stride : -1;
                    table[t * taps + k] = at >= 0 && at < sources ? (int)at : -1;
                }
            return table;
        }
    }

    public int TargetH { get; }

    public int TargetW { get; }

    public int SourceH { get; }

    public int SourceW { get; }

    public int KernelH { get; }

    public int KernelW { get; }

    public int SourcePixels => SourceH * SourceW;

    public int TargetPixels => TargetH * TargetW;

    /// <summary>A single one but for the gradient of a convolution with a stride.</summary>
    public Phase[] Phases { get; }

    /// <summary>The source row that kernel row <paramref name="k"/> of a target row meets; -1 outside.</summary>
    public int Row(int target, int k) => rows[target * KernelH + k];

    /// <summary>The source column that kernel column <paramref name="k"/> of a target column meets; -1 outside.</summary>
    public int Column(int target, int k) => columns[target * KernelW + k];

    /// <summary>Target pixels Row + i * Step, Column + j * Step, i in 0..H, j in 0..W, and the taps they meet.</summary>
    internal sealed record Phase(int Row, int Column, int Step, int H, int W, int[] Taps);
}
