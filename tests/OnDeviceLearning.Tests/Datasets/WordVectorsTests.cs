using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class WordVectorsTests
{
    // 0 cat, 1 dog, 2 fur, 3 tail; 4 boat, 5 ship, 6 sail, 7 sea. Cat and dog never meet, nor do boat and ship.
    private static readonly int[][] documents = [[0, 2, 3], [1, 2, 3], [0, 3], [1, 2], [4, 6, 7], [5, 6, 7], [4, 7], [5, 6]];

    [Fact]
    public void Words_in_the_same_company_are_near()
    {
        float[] vectors = WordVectors.Learn(documents, 8, 2, 0.5, seed: 1);
        Assert.InRange(Cosine(vectors, 2, 0, 1), 0.9, 1.0001);
        Assert.InRange(Cosine(vectors, 2, 4, 5), 0.9, 1.0001);
        Assert.InRange(Cosine(vectors, 2, 0, 4), -0.2, 0.2);
    }

    [Fact]
    public void All_directions_together_are_the_association_itself()
    {
        // U S^0.5 at full width: rows' products are the square root of A A^T, here compared through the known PPMI of one pair.
        const int words = 4;
        int[][] texts = [[0, 1], [0, 1], [0, 2], [3, 2]];
        float[] vectors = WordVectors.Learn(texts, words, words, 1, seed: 3); // U S
        double[,] count = new double[words, words];
        foreach (int[] text in texts)
        {
            count[text[0], text[1]]++;
            count[text[1], text[0]]++;
        }
        double[] total = [.. Enumerable.Range(0, words).Select(i => Enumerable.Range(0, words).Sum(j => count[i, j]))];
        double smoothed = total.Sum(t => Math.Pow(t, 0.75));
        double Association(int i, int j) => count[i, j] == 0 ? 0 : Math.Max(0, Math.Log(count[i, j] * smoothed / (total[i] * Math.Pow(total[j], 0.75))));
        for (int i = 0; i < words; i++)
            for (int j = 0; j < words; j++)
            {
                double expected = Enumerable.Range(0, words).Sum(k => Association(i, k) * Association(j, k)); // A A^T = U S S U^T
                double actual = TensorPrimitives.Dot<float>(vectors.AsSpan(i * words, words), vectors.AsSpan(j * words, words));
                Assert.Equal(expected, actual, 4);
            }
    }

    [Fact]
    public void A_word_beside_none_has_no_vector()
    {
        float[] vectors = WordVectors.Learn(documents, 9, 3, 0.5, seed: 1);
        Assert.InRange(TensorPrimitives.Norm<float>(vectors.AsSpan(8 * 3, 3)), 0, 1e-5f);
    }

    private static float Cosine(float[] vectors, int width, int a, int b) =>
        TensorPrimitives.CosineSimilarity<float>(vectors.AsSpan(a * width, width), vectors.AsSpan(b * width, width));
}
