using System.Numerics;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Sigils.Evaluation;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>One step's worth of pictures with their phrases.</summary>
/// <param name="Images">[N, 64, 64], ink 1.</param>
/// <param name="Tokens">[N, L], padded with 0.</param>
/// <param name="Lengths">[N] number of tokens.</param>
/// <param name="Labels">[N] words and names; equal ones count as one another's positives.</param>
internal sealed record PictureBatch(float[] Images, int[] Tokens, int[] Lengths, string[] Labels);

/// <summary>Half drawings by people, half symbols; all turned, stretched, bent and mirrored a little.</summary>
internal sealed class SketchBatches
{
    private const int Side = SketchModel.Side;
    private static readonly WarpStrength strength = new(Degrees: 6, Scale: 0.08, Shear: 0.06, Shift: 0.03, Elastic: 0.012, Thicker: 0.3);

    private readonly IReadOnlyList<LabelledDrawing> drawings;
    private readonly IReadOnlyList<Symbol> symbols;
    private readonly TextTokenizer tokenizer;
    private readonly int size, seed;
    private readonly ImageWarp warp = new(Side, strength);
    private readonly float[] ink = new float[Side * Side], outline = new float[Side * Side];
    private readonly byte[] fine = new byte[4 * Side * Side]; // [2 Side, 2 Side]

    public SketchBatches(IReadOnlyList<LabelledDrawing> drawings, IReadOnlyList<Symbol> symbols, TextTokenizer tokenizer, int size, int seed)
    {
        (this.drawings, this.symbols, this.tokenizer, this.size, this.seed) = (drawings, symbols, tokenizer, size, seed);
    }

    /// <summary>The batch of a step; not to be called from two threads at once.</summary>
    public PictureBatch Make(long step)
    {
        var random = new Random(BatchQueue<PictureBatch>.Seed(seed, step));
        var images = new float[size * Side * Side];
        var texts = new int[size][];
        var labels = new string[size];
        for (int i = 0; i < size; i++)
        {
            Span<float> image = images.AsSpan(i * Side * Side, Side * Side);
            if (i % 2 == 0 || symbols.Count == 0)
            {
                LabelledDrawing drawn = drawings[random.Next(drawings.Count)];
                DrawingRasterizer.Rasterize(Bend(drawn.Drawing, random), Side, image);
                (labels[i], texts[i]) = (drawn.Word, tokenizer.Encode(SketchTexts.OfWord(drawn.Word, random)));
            }
            else
            {
                Symbol symbol = symbols[random.Next(symbols.Count)];
                Picture(symbol, random, image);
                (labels[i], texts[i]) = (symbol.Name, tokenizer.Encode(SketchTexts.OfSymbol(symbol, random)));
            }
        }
        int longest = texts.Max(t => t.Length);
        var tokens = new int[size * longest];
        for (int i = 0; i < size; i++) texts[i].CopyTo(tokens, i * longest);
        return new PictureBatch(images, tokens, [.. texts.Select(t => t.Length)], labels);
    }

    /// <summary>The same drawing by a somewhat different hand: an affine map, a slow wave, another pen; at times without its last stroke.</summary>
    private static Drawing Bend(Drawing drawing, Random random)
    {
        double angle = 0.1 * random.NextNormal();
        float cos = (float)Math.Cos(angle), sin = (float)Math.Sin(angle), shear = (float)(0.1 * random.NextNormal());
        float scaleX = (float)Math.Exp(0.12 * random.NextNormal()) * (random.Next(2) == 0 ? -1 : 1), scaleY = (float)Math.Exp(0.12 * random.NextNormal());
        float wave = (float)(4 * random.NextNormal()), length = 60 + 120 * random.NextSingle(), phase = 6.28f * random.NextSingle();
        var strokes = drawing.Strokes.Select(stroke => stroke.Select(p =>
        {
            float x = scaleX * p.X + shear * p.Y + wave * MathF.Sin(p.Y / length + phase), y = scaleY * p.Y + wave * MathF.Cos(p.X / length + phase);
            return new Vector2(cos * x - sin * y, sin * x + cos * y);
        }).ToArray()).ToList();
        if (strokes.Count > 3 && random.NextDouble() < 0.15) strokes.RemoveAt(strokes.Count - 1);
        return new Drawing(strokes, 0.03f + 0.04f * random.NextSingle());
    }

    /// <summary>A symbol as ink on paper, filled as it is or as its outline.</summary>
    private void Picture(Symbol symbol, Random random, Span<float> target)
    {
        int plane = Side * Side;
        for (int i = 0; i < plane; i++) ink[i] = 1 - (symbol.Rgb[i] + symbol.Rgb[plane + i] + symbol.Rgb[2 * plane + i]) / 765f;
        float[] shown = ink;
        if (random.NextDouble() < 0.5)
        {
            shown = outline;
            for (int y = 0; y < Side; y++)
                for (int x = 0; x < Side; x++)
                {
                    (float least, float most) = (1, 0);
                    for (int v = Math.Max(0, y - 1); v <= Math.Min(Side - 1, y + 1); v++)
                        for (int u = Math.Max(0, x - 1); u <= Math.Min(Side - 1, x + 1); u++)
                        {
                            least = Math.Min(least, ink[v * Side + u]);
                            most = Math.Max(most, ink[v * Side + u]);
                        }
                    outline[y * Side + x] = Math.Min(1, 1.5f * (most - least));
                }
        }
        bool mirrored = random.Next(2) == 0;
        for (int y = 0; y < 2 * Side; y++)
            for (int x = 0; x < 2 * Side; x++)
                fine[y * 2 * Side + x] = (byte)(255 * shown[y / 2 * Side + (mirrored ? Side - 1 - x / 2 : x / 2)]);
        warp.Write(fine, 0, random, target);
    }
}
