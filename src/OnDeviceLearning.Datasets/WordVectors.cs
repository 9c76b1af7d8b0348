using System.Numerics.Tensors;

namespace OnDeviceLearning.Datasets;

/// <summary>
/// Word vectors from what stands beside what: positive pointwise mutual information (Levy and Goldberg, NIPS 2014), its
/// contexts smoothed by the power 0.75, and the leading singular vectors of it by subspace iteration. The same documents,
/// width and seed give the same vectors.
/// </summary>
public static class WordVectors
{
    private const double ContextPower = 0.75;
    private const int Iterations = 4, Oversampling = 10;

    /// <summary>Learns vectors of words 0 .. <paramref name="vocabulary"/> - 1.</summary>
    /// <param name="documents">Texts as words; each word of a text is beside every other, and a text counts as often as it has words.</param>
    /// <param name="vocabulary">Number of words.</param>
    /// <param name="width">Values of a vector, at most <paramref name="vocabulary"/>.</param>
    /// <param name="singularPower">Power of the singular value that scales each direction: 0 weighs all alike, 0.5 is usual.</param>
    /// <param name="seed">Where the iteration starts.</param>
    /// <returns>[vocabulary, width]; zeros for a word that stands beside none.</returns>
    public static float[] Learn(IReadOnlyList<int[]> documents, int vocabulary, int width, double singularPower, int seed)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, vocabulary);
        SparseRows association = Association(documents, vocabulary);
        int rank = Math.Min(vocabulary, width + Oversampling);
        var random = new Random(seed);
        var basis = new float[rank][]; // columns, [vocabulary] each
        for (int r = 0; r < rank; r++)
        {
            basis[r] = new float[vocabulary];
            for (int i = 0; i < vocabulary; i++) basis[r][i] = random.NextSingle() - 0.5f;
        }
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            Orthonormalize(basis);
            basis = association.Multiply(association.MultiplyTransposed(basis));
        }
        Orthonormalize(basis);
        float[][] image = association.MultiplyTransposed(basis); // rows of B = Q^T A
        var gram = new double[rank, rank];
        for (int a = 0; a < rank; a++)
            for (int b = a; b < rank; b++)
                gram[a, b] = gram[b, a] = TensorPrimitives.Dot<float>(image[a], image[b]);
        (double[] values, double[,] vectors) = SymmetricEigen.Decompose(gram);

        int[] order = [.. Enumerable.Range(0, rank).OrderByDescending(i => values[i]).Take(width)];
        var result = new float[vocabulary * width];
        var column = new float[vocabulary];
        for (int k = 0; k < width; k++)
        {
            Array.Clear(column);
            for (int r = 0; r < rank; r++) TensorPrimitives.MultiplyAdd(basis[r], (float)vectors[r, order[k]], column, column);
            float scale = (float)Math.Pow(Math.Sqrt(Math.Max(0, values[order[k]])), singularPower);
            for (int i = 0; i < vocabulary; i++) result[i * width + k] = column[i] * scale;
        }
        return result;
    }

    private static SparseRows Association(IReadOnlyList<int[]> documents, int vocabulary)
    {
        var holders = new List<int>[vocabulary];
        for (int i = 0; i < vocabulary; i++) holders[i] = [];
        for (int d = 0; d < documents.Count; d++)
            foreach (int word in documents[d].Distinct()) holders[word].Add(d);

        var rows = new SparseRows(vocabulary);
        var beside = new double[vocabulary];
        var touched = new List<int>();
        var totals = new double[vocabulary];
        for (int word = 0; word < vocabulary; word++)
        {
            foreach (int d in holders[word])
            {
                int[] document = documents[d];
                int own = document.Count(w => w == word);
                foreach (int other in document)
                {
                    if (other == word) continue;
                    if (beside[other] == 0) touched.Add(other);
                    beside[other] += (double)own / (document.Length - 1);
                }
            }
            touched.Sort();
            foreach (int other in touched)
            {
                rows.Add(other, (float)beside[other]);
                totals[word] += beside[other];
                beside[other] = 0;
            }
            touched.Clear();
            rows.EndRow();
        }
        double smoothed = totals.Sum(t => Math.Pow(t, ContextPower));
        rows.Map((word, other, count) => (float)Math.Max(0, Math.Log(count * smoothed / (totals[word] * Math.Pow(totals[other], ContextPower)))));
        return rows;
    }

    /// <summary>Modified Gram-Schmidt; a vector that the others span becomes zeros.</summary>
    private static void Orthonormalize(float[][] vectors)
    {
        for (int a = 0; a < vectors.Length; a++)
        {
            float before = TensorPrimitives.Norm<float>(vectors[a]);
            for (int b = 0; b < a; b++)
                TensorPrimitives.MultiplyAdd(vectors[b], -TensorPrimitives.Dot<float>(vectors[a], vectors[b]), vectors[a], vectors[a]);
            float norm = TensorPrimitives.Norm<float>(vectors[a]);
            if (norm > 1e-6f * before) TensorPrimitives.Divide(vectors[a], norm, vectors[a]);
            else Array.Clear(vectors[a]);
        }
    }
}
