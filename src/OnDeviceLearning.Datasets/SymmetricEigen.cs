namespace OnDeviceLearning.Datasets;

/// <summary>Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi rotations.</summary>
internal static class SymmetricEigen
{
    private const int MostSweeps = 30;
    private const double Tolerance = 1e-12;

    /// <returns>The values, in no order, and their vectors as columns. The matrix is overwritten.</returns>
    public static (double[] Values, double[,] Vectors) Decompose(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        var vectors = new double[n, n];
        for (int i = 0; i < n; i++) vectors[i, i] = 1;
        for (int sweep = 0; sweep < MostSweeps; sweep++)
        {
            double off = 0, all = 0;
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                {
                    all += matrix[i, j] * matrix[i, j];
                    if (i != j) off += matrix[i, j] * matrix[i, j];
                }
            if (off <= Tolerance * all) break;
            for (int p = 0; p < n - 1; p++)
                for (int q = p + 1; q < n; q++)
                    Rotate(matrix, vectors, n, p, q);
        }
        var values = new double[n];
        for (int i = 0; i < n; i++) values[i] = matrix[i, i];
        return (values, vectors);
    }

    private static void Rotate(double[,] a, double[,] v, int n, int p, int q)
    {
        if (a[p, q] == 0) return;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        double c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
        for (int k = 0; k < n; k++) (v[k, p], v[k, q]) = (c * v[k, p] - s * v[k, q], s * v[k, p] + c * v[k, q]);
    }
}
