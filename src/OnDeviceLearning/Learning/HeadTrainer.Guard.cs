using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

// How the guard judges the heads learnt without each fold, and the head that it lets through.
internal sealed partial class HeadTrainer
{
    private void MeasureWeights()
    {
        int end = Math.Min(Classes, cursor + Math.Max(1, objective.VectorsPerUnit / 2));
        for (; cursor < end; cursor++)
        {
            ReadOnlySpan<float> w = Learnt(cursor);
            double cross = TensorPrimitives.Dot(Target(cursor), w), square = TensorPrimitives.Dot(w, w);
            for (int point = 0; point < Guard.Grid; point++)
            {
                double a = MixAt(point, cursor, mixes);
                double norm = Math.Sqrt(Math.Max(1e-12, (1 - a) * (1 - a) + 2 * a * (1 - a) * cross + a * a * square));
                targetFactors[point * Classes + cursor] = (float)(objective.Scale * (1 - a) / norm);
                learntFactors[point * Classes + cursor] = (float)(objective.Scale * a / norm);
            }
            if (judgesShare) MeasureFit(cursor);
        }
        if (cursor == Classes) Next(Stage.Judge);
    }

    // A class without description has none to go back to: the guard leaves it what it learnt. Its examples' mean in place of that is
    // no safer, though two examples, each judged by a head that knows the other alone, say so: there the mean is all there is to know.
    private double MixAt(int point, int c, double[] mixes) => evidence.Descriptions[c] is null ? mixes[c] : Guard.Mix(point, mixes[c]);

    // Whether the mean of a class's examples may lose its share: with fewer, the mean is all there is to know.
    private bool MayLoseMean(int c) => evidence.ExamplesOf(c) >= settings.ShareExamples && evidence.Descriptions[c] is not null;

    private bool AnyMayLoseMean()
    {
        for (int c = 0; c < Classes; c++)
            if (MayLoseMean(c)) return true;
        return false;
    }

    // The head at the prior's mix whose classes have no share of the mean: (1 - a) t + a w / |w|, at unit length.
    private void MeasureFit(int c)
    {
        int top = (Guard.Grid - 1) * Classes + c;
        (fitTargetFactors[c], fitFactors[c]) = (targetFactors[top], learntFactors[top]);
        if (!MayLoseMean(c)) return;
        ReadOnlySpan<float> w = minimizer.Weights.AsSpan(c * Width, Width);
        double a = mixes[c], length = Math.Max(1e-6, TensorPrimitives.Norm(w)), cross = TensorPrimitives.Dot(Target(c), w) / length;
        double norm = Math.Sqrt(Math.Max(1e-12, (1 - a) * (1 - a) + 2 * a * (1 - a) * cross + a * a));
        fitTargetFactors[c] = (float)(objective.Scale * (1 - a) / norm);
        fitFactors[c] = (float)(objective.Scale * a / (norm * length));
    }

    // Log-likelihood of the held-out examples at every mix of the grid. A class whose only example is held out has nothing
    // left to be learnt from, so the example would vote for the descriptions whatever they are worth: it does not judge.
    private void Judge()
    {
        int work = Math.Max(1, objective.VectorsPerUnit / 2);
        for (; cursor < evidence.Count * Classes && work > 0; cursor++, work--)
        {
            int i = cursor / Classes, c = cursor % Classes;
            if (evidence.FoldOf[i] != fold || counts[evidence.Labels[i]] == 0)
            {
                cursor += Classes - 1;
                continue;
            }
            zeroShot[c] = TensorPrimitives.Dot<float>(evidence.Features[i], Target(c));
            fittedLogits[c] = TensorPrimitives.Dot<float>(evidence.Features[i], Learnt(c));
            if (judgesShare) fitLogits[c] = MayLoseMean(c) ? TensorPrimitives.Dot<float>(evidence.Features[i], minimizer.Weights.AsSpan(c * Width, Width)) : fittedLogits[c];
            if (c < Classes - 1) continue;
            JudgeExample(i);
            work -= Classes;
        }
        if (cursor < evidence.Count * Classes) return;
        if (fold + 1 < evidence.Folds) BeginFit(fold + 1);
        else Next(Stage.Choose);
    }

    private void JudgeExample(int i)
    {
        int label = evidence.Labels[i];
        // In the evidence, too, every class counts alike.
        judged[i] = 1f / evidence.ExamplesOf(label);
        Span<float> logits = blendedLogits.AsSpan(0, Classes);
        for (int point = 0; point < Guard.Grid; point++)
        {
            TensorPrimitives.Multiply(zeroShot.AsSpan(0, Classes), targetFactors.AsSpan(point * Classes, Classes), logits);
            TensorPrimitives.MultiplyAdd(fittedLogits.AsSpan(0, Classes), learntFactors.AsSpan(point * Classes, Classes), logits, logits);
            for (int c = 0; c < Classes; c++)
                if (objective.Roles[c] == ClassRole.Absent) logits[c] = float.NegativeInfinity;
            float own = logits[label];
            logLikelihoods[i * Guard.Grid + point] = (float)(own - HeadObjective.LogSumExp(logits));
        }
        if (!judgesShare) return;
        for (int c = 0; c < Classes; c++)
            logits[c] = objective.Roles[c] == ClassRole.Absent ? float.NegativeInfinity : zeroShot[c] * fitTargetFactors[c] + fitLogits[c] * fitFactors[c];
        float fit = logits[label];
        share.Add(judged[i], fit - HeadObjective.LogSumExp(logits) - logLikelihoods[i * Guard.Grid + Guard.Grid - 1]);
    }

    private void Choose()
    {
        if (cursor == 0) choice.Begin();
        cursor = 1;
        if (!choice.Step(logLikelihoods.AsSpan(0, evidence.Count * Guard.Grid), judged.AsSpan(0, evidence.Count), settings.GuardErrors, ExamplesPerUnit)) return;
        chosen = choice.Point;
        Mix = Guard.Mix(choice.Point, evidence.PriorMix);
        GuardSteppedIn = choice.Point < Guard.Grid - 1;
        EvidenceBefore = choice.Evidence(0);
        // What was judged without the mean is the head at the prior's own mix, so only that one may go without.
        withoutMean = !GuardSteppedIn && share.GoesWithout(settings.ShareErrors);
        EvidenceAfter = choice.Evidence(choice.Point) + (withoutMean ? share.Gain : 0);
        Next(Stage.Blend);
    }

    private void Blend()
    {
        int end = Math.Min(Classes, cursor + Math.Max(1, objective.VectorsPerUnit / 2));
        for (; cursor < end; cursor++)
        {
            ReadOnlySpan<float> t = targets.AsSpan(cursor * Width, Width), w = kept.AsSpan(cursor * Width, Width);
            if (withoutMean && MayLoseMean(cursor))
            {
                Unit.Normalize(keptFit.AsSpan(cursor * Width, Width));
                w = keptFit.AsSpan(cursor * Width, Width);
            }
            double a = MixAt(chosen, cursor, keptMixes);
            Span<float> blended = head.AsSpan(cursor * Width, Width);
            t.CopyTo(blended);
            if (a == 0) continue; // the description's bits exactly
            TensorPrimitives.Multiply(t, (float)(1 - a), blended);
            TensorPrimitives.MultiplyAdd(w, (float)a, blended, blended);
            Unit.Normalize(blended);
        }
        if (cursor < Classes) return;
        Volatile.Write(ref progress, 1);
        stage = Stage.Done;
    }
}
