using System.Numerics;

namespace OnDeviceLearning.Datasets;

/// <summary>
/// Finds the lines of a drawing again that was kept as pixels: the ink is thinned to lines one pixel wide (Guo and Hall,
/// Communications of the ACM 32, 1989, algorithm A1), and these are followed, through crossings the way that bends least.
/// </summary>
public static class StrokeTracer
{
    // How far back and ahead the direction at a crossing is looked for, and the cosine of the sharpest bend taken there.
    private const int Reach = 6;
    private const float SharpestBend = 0.3f;

    // Lines of at most so many pixels that end in nothing are left out.
    private const int SpurPoints = 3;

    private static readonly (int X, int Y)[] around = [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)]; // clockwise from above

    /// <summary>The lines of a drawing, as points in pixels. A dot is a line of one point.</summary>
    /// <param name="ink">[height, width], whether there is ink.</param>
    /// <param name="width">Width in pixels.</param>
    public static IReadOnlyList<IReadOnlyList<Vector2>> Trace(ReadOnlySpan<bool> ink, int width)
    {
        if (width < 1 || ink.Length % width != 0)
            throw new ArgumentException($"Trace: {ink.Length} pixels in rows of {width}; expected whole rows.", nameof(ink));
        // A frame without ink, so that every pixel has eight neighbours.
        int height = ink.Length / width, stride = width + 2;
        var framed = new bool[stride * (height + 2)];
        for (int y = 0; y < height; y++) ink.Slice(y * width, width).CopyTo(framed.AsSpan((y + 1) * stride + 1));
        int[] steps = [.. around.Select(a => a.X + a.Y * stride)];
        Thin(framed, steps);
        return [.. new Follower(framed, steps).Lines().Select(line => Smooth([.. line.Select(p => new Vector2(p % stride - 1, p / stride - 1))]))];
    }

    /// <summary>
    /// Takes ink away from the edges, alternately from two sides, until lines are left. Unlike in the paper every pixel is
    /// looked at once more before it goes, so that nothing falls apart or vanishes.
    /// </summary>
    private static void Thin(bool[] ink, int[] steps)
    {
        List<int> left = [.. Enumerable.Range(0, ink.Length).Where(p => ink[p])], leaving = [];
        for (int side = 0, still = 0; still < 2; side ^= 4)
        {
            leaving.Clear();
            foreach (int p in left)
            {
                bool inside = ink[p + steps[side + 2]] && (ink[p + steps[side]] || ink[p + steps[side + 1]] || !ink[p + steps[side + 3]]);
                if (!inside && Spare(ink, p, steps)) leaving.Add(p);
            }
            int gone = 0;
            foreach (int p in leaving)
            {
                if (!Spare(ink, p, steps)) continue;
                ink[p] = false;
                gone++;
            }
            if (gone > 0) left.RemoveAll(p => !ink[p]);
            still = gone > 0 ? 0 : still + 1;
        }
    }

    /// <summary>
    /// Whether a pixel is neither the end of a line, be it one or two pixels wide, nor what holds its neighbours together, nor
    /// in the middle of ink.
    /// </summary>
    private static bool Spare(bool[] ink, int p, int[] steps)
    {
        int pieces = 0, pairs = 0, otherPairs = 0;
        for (int k = 0; k < 8; k += 2)
        {
            bool here = ink[p + steps[k]], next = ink[p + steps[k + 1]];
            if (!here && (next || ink[p + steps[(k + 2) % 8]])) pieces++;
            if (here || next) pairs++;
            if (here || ink[p + steps[(k + 7) % 8]]) otherPairs++;
        }
        return pieces == 1 && Math.Min(pairs, otherPairs) is 2 or 3;
    }

    /// <summary>Pixels climb in stairs where the pen did not: every point moves towards its neighbours, by less than a pixel.</summary>
    private static Vector2[] Smooth(Vector2[] line)
    {
        for (int pass = 0; pass < 2; pass++)
        {
            Vector2 before = line[0];
            for (int i = 1; i + 1 < line.Length; i++)
            {
                Vector2 here = line[i];
                line[i] = 0.25f * before + 0.5f * here + 0.25f * line[i + 1];
                before = here;
            }
        }
        return line;
    }

    /// <summary>Walks every way between two neighbouring pixels once. A pixel's ways are bits, one for each of the eight directions.</summary>
    private sealed class Follower
    {
        private readonly int[] steps;
        private readonly int[] pixels;
        private readonly byte[] ways, open; // all, and those not yet walked

        public Follower(bool[] ink, int[] steps)
        {
            this.steps = steps;
            ways = new byte[ink.Length];
            for (int p = 0; p < ink.Length; p++)
            {
                if (!ink[p]) continue;
                // Aslant only where no way around the corner leads there, so that a bend is no crossing.
                for (int k = 0; k < 8; k++)
                    if (ink[p + steps[k]] && (k % 2 == 0 || !ink[p + steps[k - 1]] && !ink[p + steps[(k + 1) % 8]])) ways[p] |= (byte)(1 << k);
            }
            open = [.. ways];
            pixels = [.. Enumerable.Range(0, ink.Length).Where(p => ink[p])];
        }

        public List<List<int>> Lines()
        {
            var lines = new List<List<int>>();
            foreach (int p in pixels)
                if (ways[p] == 0) lines.Add([p]);
            // From the ends first, then from crossings, last around what has neither.
            From(p => Count(p) == 1);
            From(p => Count(p) > 2);
            From(_ => true);
            // Where the pen was set down or lifted, thinning may leave a fork.
            for (int i = lines.Count - 1; i >= 0; i--)
                if (lines[i].Count <= SpurPoints && Spur(lines[i]) is int crossing and >= 0 && lines.Exists(other => other != lines[i] && other.Contains(crossing))) lines.RemoveAt(i);
            return lines;

            void From(Predicate<int> start)
            {
                foreach (int p in pixels)
                    while (open[p] != 0 && start(p)) lines.Add(Walk(p));
            }
        }

        /// <summary>Where a line that has a free end on one side hangs on others; -1 if it is no such line.</summary>
        private int Spur(List<int> line) => (Count(line[0]), Count(line[^1])) switch
        {
            (1, > 2) => line[^1],
            ( > 2, 1) => line[0],
            _ => -1,
        };

        private List<int> Walk(int here)
        {
            var line = new List<int> { here };
            for (int way = First(open[here]); way >= 0;)
            {
                open[here] &= (byte)~(1 << way);
                here += steps[way];
                open[here] &= (byte)~(1 << Back(way));
                line.Add(here);
                way = Count(here) == 2 ? First(open[here]) : Straightest(line);
            }
            return line;
        }

        /// <summary>The way on that bends least; -1 if all bend too much for one movement of the pen.</summary>
        private int Straightest(List<int> line)
        {
            int here = line[^1], best = -1;
            Vector2 came = Between(line[Math.Max(0, line.Count - 1 - Reach)], here);
            float most = SharpestBend;
            for (int left = open[here]; left != 0; left &= left - 1)
            {
                int way = First(left);
                float along = Vector2.Dot(came, Between(here, Ahead(here, way)));
                if (along > most) (best, most) = (way, along);
            }
            return best;
        }

        /// <summary>Where a way leads after some pixels, as long as it does not part.</summary>
        private int Ahead(int here, int way)
        {
            here += steps[way];
            for (int i = 1; i < Reach && Count(here) == 2; i++)
            {
                way = First(ways[here] & ~(1 << Back(way)));
                here += steps[way];
            }
            return here;
        }

        private Vector2 Between(int a, int b)
        {
            int stride = steps[4];
            var along = new Vector2(b % stride - a % stride, b / stride - a / stride);
            return along == Vector2.Zero ? along : Vector2.Normalize(along);
        }

        private int Count(int p) => BitOperations.PopCount(ways[p]);

        private static int First(int bits) => bits == 0 ? -1 : BitOperations.TrailingZeroCount(bits);

        private static int Back(int way) => (way + 4) % 8;
    }
}
