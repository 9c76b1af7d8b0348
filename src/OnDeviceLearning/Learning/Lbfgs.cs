using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

/// <summary>
/// Limited-memory BFGS (Liu and Nocedal 1989) on a <see cref="HeadObjective"/>, in the form that needs only the dot
/// products of its history (vector-free L-BFGS, Chen, Wang and Zhou, NIPS 2014): two passes over the parameters an
/// iteration, which are easy to cut into units of work. It stops and goes on between any two units without changing a bit
/// of the result. Not thread-safe; allocates only when it grows.
/// </summary>
internal sealed class Lbfgs(HeadObjective objective)
{
    private const int Memory = 6;
    private const int Basis = 2 * Memory + 1; // s_0.., y_0.., gradient
    private const int GradientRow = 2 * Memory;
    private const int MaxBacktracks = 24;
    private const double SufficientDecrease = 1e-4;

    private enum Stage { FirstEvaluation, Trial, Evaluation, History, Direction, Done }

    private readonly float[][] basis = NewBasis();              // each [C, D]
    private readonly double[] products = new double[Basis * Basis];
    private readonly double[] coefficients = new double[Basis];
    private readonly double[] alpha = new double[Memory];
    private readonly double[] fresh = new double[3 * Basis];    // products of the newest s, y and gradient
    private float[] weights = [];
    private float[] trial = [];
    private float[] trialGradient = [];
    private float[] direction = [];
    private int length;
    private int cursor;
    private int pairs;      // how many of the history's rows are in use
    private int newest;     // row of the newest pair
    private int backtracks;
    private double step;
    private double slope;
    private double value;
    private double tolerance;
    private int maxIterations;
    private Stage stage = Stage.Done;

    private static float[][] NewBasis()
    {
        var rows = new float[Basis][];
        Array.Fill(rows, []);
        return rows;
    }

    /// <summary>The weights found so far [C, D]; valid until the next <see cref="Begin"/>.</summary>
    public float[] Weights => weights;

    /// <summary>The objective at <see cref="Weights"/>.</summary>
    public double Value => value;

    /// <summary>Euclidean norm of the gradient at <see cref="Weights"/>.</summary>
    public double GradientNorm => Math.Sqrt(Math.Max(0, products[GradientRow * Basis + GradientRow]));

    /// <summary>Iterations done.</summary>
    public int Iterations { get; private set; }

    /// <summary>Starts from the objective's targets.</summary>
    public void Begin(double gradientTolerance, int iterations)
    {
        tolerance = gradientTolerance;
        maxIterations = iterations;
        length = objective.Classes * objective.Width;
        weights = HeadObjective.Grow(weights, length);
        trial = HeadObjective.Grow(trial, length);
        trialGradient = HeadObjective.Grow(trialGradient, length + HeadProducts.Slack); // the objective reads a little beyond
        direction = HeadObjective.Grow(direction, length);
        for (int i = 0; i < Basis; i++) basis[i] = HeadObjective.Grow(basis[i], length);
        pairs = 0;
        newest = -1;
        Iterations = 0;
        cursor = 0;
        Array.Clear(products);
        stage = Stage.FirstEvaluation;
    }

    /// <summary>Does one unit of work.</summary>
    /// <returns>True when the minimum is reached to tolerance, or cannot be approached further.</returns>
    public bool Step()
    {
        switch (stage)
        {
            case Stage.FirstEvaluation: FirstEvaluation(); break;
            case Stage.Trial: Trial(); break;
            case Stage.Evaluation: Evaluate(); break;
            case Stage.History: UpdateHistory(); break;
            case Stage.Direction: ComputeDirection(); break;
        }
        return stage == Stage.Done;
    }

    // Elements of a pass over `vectors` vectors that make up one unit of work.
    private int Chunk(int vectors) => Math.Max(256, HeadObjective.UnitCost / 2 / vectors);

    private Range Next(int vectors)
    {
        int from = cursor;
        cursor = Math.Min(length, cursor + Chunk(vectors));
        return from..cursor;
    }

    private void FirstEvaluation()
    {
        if (cursor < length)
        {
            Range range = Next(2);
            objective.Targets.AsSpan(range).CopyTo(trial.AsSpan(range));
            if (cursor == length) objective.Begin(trial, trialGradient);
        }
        else if (objective.Step())
        {
            Accept();
        }
    }

    private void Trial()
    {
        Range range = Next(3);
        TensorPrimitives.MultiplyAdd(direction.AsSpan(range), (float)step, weights.AsSpan(range), trial.AsSpan(range));
        if (cursor < length) return;
        objective.Begin(trial, trialGradient);
        stage = Stage.Evaluation;
    }

    private void Evaluate()
    {
        if (!objective.Step()) return;
        double found = objective.Value;
        // Near the minimum the decrease drowns in float rounding of the logits; a step that changes nothing measurable
        // is taken, because the gradient is more exact than the value.
        double slack = 1e-7 * (Math.Abs(value) + 1e-3);
        if (double.IsFinite(found) && found <= value + SufficientDecrease * step * slope + slack)
        {
            Accept();
            return;
        }
        if (++backtracks > MaxBacktracks)
        {
            stage = Stage.Done;
            return;
        }
        // The minimum of the parabola through value, slope and the value found.
        double parabola = double.IsFinite(found) ? -slope * step * step / (2 * (found - value - slope * step)) : 0;
        step = Math.Clamp(parabola, 0.1 * step, 0.5 * step);
        cursor = 0;
        stage = Stage.Trial;
    }

    private void Accept()
    {
        value = objective.Value;
        (weights, trial) = (trial, weights);
        if (stage != Stage.FirstEvaluation)
        {
            Iterations++;
            newest = (newest + 1) % Memory;
            pairs = Math.Min(pairs + 1, Memory);
        }
        Array.Clear(fresh);
        cursor = 0;
        stage = Stage.History;
    }

    // s = w - old w, y = g - old g, then the products of s, y and g with the whole history, in one pass.
    private void UpdateHistory()
    {
        int s = newest, y = Memory + newest;
        Range range = Next(3 * (2 * pairs + 1));
        Span<float> gradient = basis[GradientRow].AsSpan(range);
        ReadOnlySpan<float> newGradient = trialGradient.AsSpan(range);
        if (newest >= 0)
        {
            TensorPrimitives.Subtract(weights.AsSpan(range), trial.AsSpan(range), basis[s].AsSpan(range));
            TensorPrimitives.Subtract(newGradient, gradient, basis[y].AsSpan(range));
        }
        newGradient.CopyTo(gradient);
        for (int row = 0; row < Basis; row++)
        {
            if (!InUse(row)) continue;
            ReadOnlySpan<float> other = basis[row].AsSpan(range);
            fresh[2 * Basis + row] += TensorPrimitives.Dot(gradient, other);
            if (newest < 0) continue;
            fresh[row] += TensorPrimitives.Dot(basis[s].AsSpan(range), other);
            fresh[Basis + row] += TensorPrimitives.Dot(basis[y].AsSpan(range), other);
        }
        if (cursor < length) return;

        if (newest >= 0)
        {
            SetProducts(s, 0);
            SetProducts(y, Basis);
        }
        SetProducts(GradientRow, 2 * Basis);
        // Without positive curvature the pair would spoil the approximation: start it anew.
        if (newest >= 0 && !(products[s * Basis + y] > 1e-12 * products[s * Basis + s])) pairs = 0;
        if (pairs == 0) newest = -1;

        if (GradientNorm <= tolerance || Iterations >= maxIterations)
        {
            stage = Stage.Done;
            return;
        }
        Recurse();
        cursor = 0;
        stage = Stage.Direction;
    }

    private bool InUse(int row) => row == GradientRow || row % Memory < pairs;

    private void SetProducts(int row, int from)
    {
        for (int other = 0; other < Basis; other++)
            products[row * Basis + other] = products[other * Basis + row] = fresh[from + other];
    }

    private double Product(int row)
    {
        double sum = 0;
        for (int i = 0; i < Basis; i++) sum += coefficients[i] * products[row * Basis + i];
        return sum;
    }

    // The two-loop recursion, in coefficients of the basis.
    private void Recurse()
    {
        Array.Clear(coefficients);
        coefficients[GradientRow] = -1;
        for (int k = 0; k < pairs; k++)
        {
            int s = (newest - k + Memory) % Memory, y = Memory + s;
            alpha[s] = Product(s) / products[s * Basis + y];
            coefficients[y] -= alpha[s];
        }
        if (pairs > 0)
        {
            int s = newest, y = Memory + newest;
            double scale = products[s * Basis + y] / products[y * Basis + y];
            for (int i = 0; i < Basis; i++) coefficients[i] *= scale;
        }
        for (int k = pairs - 1; k >= 0; k--)
        {
            int s = (newest - k + Memory) % Memory, y = Memory + s;
            double beta = Product(y) / products[s * Basis + y];
            coefficients[s] += alpha[s] - beta;
        }
        slope = Product(GradientRow);
        if (!(slope < 0))
        {
            pairs = 0;
            newest = -1;
            Array.Clear(coefficients);
            coefficients[GradientRow] = -1;
            slope = -products[GradientRow * Basis + GradientRow];
        }
        // Without history the scale is unknown: move all weights together by a tenth of their length.
        step = pairs > 0 ? 1 : Math.Min(1, 0.1 / GradientNorm);
        backtracks = 0;
    }

    private void ComputeDirection()
    {
        Range range = Next(2 * pairs + 2);
        Span<float> d = direction.AsSpan(range);
        TensorPrimitives.Multiply(basis[GradientRow].AsSpan(range), (float)coefficients[GradientRow], d);
        for (int row = 0; row < GradientRow; row++)
            if (InUse(row) && coefficients[row] != 0)
                TensorPrimitives.MultiplyAdd(basis[row].AsSpan(range), (float)coefficients[row], d, d);
        if (cursor < length) return;
        cursor = 0;
        stage = Stage.Trial;
    }
}
