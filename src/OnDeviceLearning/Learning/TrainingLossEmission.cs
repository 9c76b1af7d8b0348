using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Learning;

/// <summary>A loss within a training program: its buffers, its operations, and the gradient it gives the output.</summary>
internal sealed class TrainingLossEmission : IDisposable
{
    private const float NormEpsilon = 1e-12f;

    private readonly TrainingLoss loss;
    private readonly int rows, classes, width;
    private readonly DeviceBuffer? value, targets, classWeights, classEmbeddings, outputGradient;

    public TrainingLossEmission(TrainingLoss loss, ComputeDevice device, TensorShape output, int batch)
    {
        this.loss = loss;
        width = output.Count == 0 ? 1 : output[^1];
        rows = (int)(output.ElementCount * batch / width);
        classes = loss is CosineCrossEntropyLoss { Classes: var count } ? count : width;
        float smoothing = loss switch
        {
            SoftmaxCrossEntropyLoss softmax => softmax.LabelSmoothing,
            CosineCrossEntropyLoss cosine => cosine.LabelSmoothing,
            _ => 0,
        };
        if (!(smoothing >= 0 && smoothing < 1)) throw new ArgumentException($"Plan: LabelSmoothing is {smoothing}; expected 0 to below 1.", nameof(loss));
        if (classes < 1) throw new ArgumentException($"Plan: {classes} classes; expected at least 1.", nameof(loss));

        if ((long)classes * Math.Max(rows, width) > TensorShape.MaxElements)
            throw new ArgumentException($"Plan: {classes} classes for {rows} outputs of width {width}; expected at most {TensorShape.MaxElements} logits and as many embedding values.", nameof(loss));

        if (loss is InjectedGradientLoss)
        {
            outputGradient = device.Allocate(rows * width);
            return;
        }
        value = device.Allocate(1);
        targets = device.Allocate(rows, ElementType.Int32);
        if (loss is SoftmaxCrossEntropyLoss { HasClassWeights: true })
        {
            classWeights = device.Allocate(classes);
            float[] ones = new float[classes];
            Array.Fill(ones, 1f);
            classWeights.Write(ones);
        }
        if (loss is CosineCrossEntropyLoss) classEmbeddings = device.Allocate(classes * width);
    }

    /// <summary>Emits the loss and the gradient for <paramref name="output"/>, which is returned.</summary>
    public Value Emit(ProgramBuilder builder, Value output)
    {
        switch (loss)
        {
            case SoftmaxCrossEntropyLoss softmax:
                Value gradient = builder.Temporary(output.Length);
                EmitCrossEntropy(builder, output, gradient, softmax.LabelSmoothing);
                return gradient;
            case CosineCrossEntropyLoss cosine:
                return EmitCosine(builder, output, cosine);
            default:
                return ProgramBuilder.Fixed(outputGradient!);
        }
    }

    private Value EmitCosine(ProgramBuilder builder, Value output, CosineCrossEntropyLoss cosine)
    {
        Value embeddings = ProgramBuilder.Fixed(classEmbeddings!);                                  // [C, D]
        Value normalized = builder.Temporary(rows * width), norms = builder.Temporary(rows);        // [N, D], [N]
        Value logits = builder.Temporary(rows * classes), logitsGradient = builder.Temporary(rows * classes); // [N, C]
        Value normalizedGradient = builder.Temporary(rows * width), gradient = builder.Temporary(rows * width);
        builder.Emit(new L2Normalize(rows, width, NormEpsilon), output, normalized, norms);
        builder.Emit(new MatMul(1, rows, classes, width, TransposeB: true, Alpha: cosine.Scale), normalized, embeddings, logits);
        EmitCrossEntropy(builder, logits, logitsGradient, cosine.LabelSmoothing);
        builder.Emit(new MatMul(1, rows, width, classes, Alpha: cosine.Scale), logitsGradient, embeddings, normalizedGradient);
        builder.Emit(new L2NormalizeGradient(rows, width, NormEpsilon), normalized, norms, normalizedGradient, gradient);
        return gradient;
    }

    private void EmitCrossEntropy(ProgramBuilder builder, Value logits, Value gradient, float smoothing)
    {
        var operation = new SoftmaxCrossEntropy(rows, classes, smoothing, classWeights is not null);
        Value wanted = ProgramBuilder.Fixed(targets!), total = ProgramBuilder.Fixed(value!);
        if (classWeights is null) builder.Emit(operation, logits, wanted, total, gradient);
        else builder.Emit(operation, logits, wanted, ProgramBuilder.Fixed(classWeights), total, gradient);
    }

    public float Read()
    {
        if (value is null) throw new InvalidOperationException("Loss: the gradient is injected; there is no loss.");
        Span<float> read = stackalloc float[1];
        value.Read(read);
        return read[0];
    }

    public void WriteTargets(ReadOnlySpan<int> values)
    {
        DeviceBuffer buffer = Require("SetTargets", targets, values.Length);
        ProgramInput.RequireRange("SetTargets", "target", values, classes);
        buffer.Write(values);
    }

    public void WriteClassWeights(ReadOnlySpan<float> values) => Require("SetClassWeights", classWeights, values.Length).Write(values);

    public void WriteClassEmbeddings(ReadOnlySpan<float> values) => Require("SetClassEmbeddings", classEmbeddings, values.Length).Write(values);

    public void WriteOutputGradient(ReadOnlySpan<float> values) => Require("SetOutputGradient", outputGradient, values.Length).Write(values);

    private DeviceBuffer Require(string operation, DeviceBuffer? buffer, int length)
    {
        if (buffer is null) throw new InvalidOperationException($"{operation}: {loss.GetType().Name} has no such input.");
        if (buffer.Length != length) throw new ArgumentException($"{operation}: {length} elements; expected {buffer.Length}.");
        return buffer;
    }

    public void Dispose()
    {
        value?.Dispose();
        targets?.Dispose();
        classWeights?.Dispose();
        classEmbeddings?.Dispose();
        outputGradient?.Dispose();
    }
}
