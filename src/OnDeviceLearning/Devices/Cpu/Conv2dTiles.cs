using System.Numerics;
using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The geometry the convolution kernels share. Output pixels are numbered through all images, q = n * Pixels + oh * OutW + ow;
/// a run is a stretch of pixels in one output row, and im2col copies (or col2im adds) one run of one kernel element at a time.
/// </summary>
internal sealed unsafe class Conv2dTiles(Conv2dOperation op)
{
    public readonly int OutH = op.OutH, OutW = op.OutW, Pixels = op.OutH * op.OutW;
    public readonly int GroupC = op.C / op.Groups, GroupO = op.OutChannels / op.Groups;
    public readonly int KernelSize = op.KernelH * op.KernelW;

    /// <summary>Length of one product: channels of a group times kernel elements.</summary>
    public int Depth => GroupC * KernelSize;

    /// <summary>A 1x1 convolution reads its input as the matrix it is.</summary>
    public bool IsPointwise => KernelSize == 1 && op.Stride == 1 && op.Padding == 0;

    public readonly record struct PixelRun(int Image, int OutRow, int OutColumn, int Length, int Position);

    /// <summary>Cuts pixels q0..q1 into runs; returns how many. At most q1 - q0.</summary>
    public int Runs(int q0, int q1, PixelRun* runs)
    {
        int count = 0;
        for (int q = q0; q < q1;)
        {
            int p = q % Pixels, column = p % OutW, length = Math.Min(OutW - column, q1 - q);
            runs[count++] = new PixelRun(q / Pixels, p / OutW, column, length, q - q0);
            q += length;
        }
        return count;
    }

    /// <summary>
    /// Rows k0..k1 of group <paramref name="group"/>'s im2col matrix [Depth, pixels], for the given runs, row k at
    /// target + (k - k0) * rowStride.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Im2Col(float* x, int group, int k0, int k1, PixelRun* runs, int runCount, float* target, nint rowStride)
    {
        for (int k = k0; k < k1; k++, target += rowStride)
        {
            int c = k / KernelSize, kh = k % KernelSize / op.KernelW, kw = k % op.KernelW;
            for (int i = 0; i < runCount; i++)
            {
                ref readonly PixelRun run = ref runs[i];
                float* to = target + run.Position;
                int h = run.OutRow * op.Stride - op.Padding + kh * op.Dilation;
                if ((uint)h >= (uint)op.H)
                {
                    new Span<float>(to, run.Length).Clear();
                    continue;
                }
                float* row = x + (((long)run.Image * op.C + group * GroupC + c) * op.H + h) * op.W;
                int w = run.OutColumn * op.Stride - op.Padding + kw * op.Dilation;
                (int lead, int end) = Inside(w, run.Length);
                int column = 0;
                for (; column < lead; column++) to[column] = 0;
                if (op.Stride == 1)
                {
                    float* source = row + w;
                    for (; column + Vector<float>.Count <= end; column += Vector<float>.Count) Vector.Store(Vector.Load(source + column), to + column);
                    for (; column < end; column++) to[column] = source[column];
                }
                else
                {
                    for (; column < end; column++) to[column] = row[w + column * op.Stride];
                }
                for (; column < run.Length; column++) to[column] = 0;
            }
        }
    }

    /// <summary>The adjoint of <see cref="Im2Col"/>: adds rows k0..k1 of the matrix to dx.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Col2Im(float* dx, int group, int k0, int k1, PixelRun* runs, int runCount, float* source, nint rowStride)
    {
        for (int k = k0; k < k1; k++, source += rowStride)
        {
            int c = k / KernelSize, kh = k % KernelSize / op.KernelW, kw = k % op.KernelW;
            for (int i = 0; i < runCount; i++)
            {
                ref readonly PixelRun run = ref runs[i];
                int h = run.OutRow * op.Stride - op.Padding + kh * op.Dilation;
                if ((uint)h >= (uint)op.H) continue;
                float* from = source + run.Position;
                float* row = dx + (((long)run.Image * op.C + group * GroupC + c) * op.H + h) * op.W;
                int w = run.OutColumn * op.Stride - op.Padding + kw * op.Dilation;
                (int column, int end) = Inside(w, run.Length);
                if (op.Stride == 1)
                {
                    float* to = row + w;
                    for (; column + Vector<float>.Count <= end; column += Vector<float>.Count)
                        Vector.Store(Vector.Load(to + column) + Vector.Load(from + column), to + column);
                    for (; column < end; column++) to[column] += from[column];
                }
                else
                {
                    for (; column < end; column++) row[w + column * op.Stride] += from[column];
                }
            }
        }
    }

    /// <summary>The part lead..end of a run of <paramref name="length"/> that lies inside an input row when it starts at column <paramref name="w"/>.</summary>
    public (int Lead, int End) Inside(int w, int length)
    {
        int lead = w >= 0 ? 0 : (-w + op.Stride - 1) / op.Stride;
        int end = w >= op.W ? 0 : (op.W - 1 - w) / op.Stride + 1;
        end = Math.Clamp(end, 0, length);
        return (Math.Min(lead, end), end);
    }
}
