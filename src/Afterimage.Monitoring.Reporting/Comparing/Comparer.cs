namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>Compares two runs in one walk over the points of both.</summary>
internal sealed class Comparer
{
    private static readonly ComparedFigure[] QuantileFigures = [ComparedFigure.P50, ComparedFigure.P95, ComparedFigure.P99];

    private readonly ComparedRun _a;
    private readonly ComparedRun _b;

    private Comparer(ComparedRun a, ComparedRun b)
    {
        _a = a;
        _b = b;
    }

    /// <returns>The comparison, its p-values not adjusted yet.</returns>
    public static RunComparison Run(ComparedRun a, ComparedRun b)
    {
        a.Restart();
        b.Restart();
        var comparer = new Comparer(a, b);
        string[] names = [.. a.MetricNames.Union(b.MetricNames, StringComparer.Ordinal)];
        Array.Sort(names, ComparedRun.CompareNames);
        MetricComparison[] metrics = [.. names.Select(comparer.Compare)];
        Array.Sort(metrics, (x, y) => string.CompareOrdinal(x.Name, y.Name));
        return new RunComparison
        {
            A = a.Summary,
            B = b.Summary,
            Metrics = metrics,
            Models = comparer.Models(),
        };
    }

    private MetricComparison Compare(string name)
    {
        (long finiteA, long nonFiniteA) = _a.Counts(name);
        (long finiteB, long nonFiniteB) = _b.Counts(name);
        var a = new SampleWalk(finiteA);
        var b = new SampleWalk(finiteB);
        PooledQuantile[] pooled = [.. SampleWalk.Quantiles.Select(q => new PooledQuantile(q, finiteA + finiteB))];
        Walk(name, a, b, pooled);

        MetricKind kind = KindOf(name, a, b);
        return kind switch
        {
            MetricKind.Share => new MetricComparison
            {
                Name = name,
                Kind = kind,
                A = Share(finiteA, nonFiniteA, _a.GenerationCount),
                B = Share(finiteB, nonFiniteB, _b.GenerationCount),
                Figures = [Rates(finiteA, _a.GenerationCount, finiteB, _b.GenerationCount)],
            },
            MetricKind.Rate => new MetricComparison
            {
                Name = name,
                Kind = kind,
                A = Rate(a, nonFiniteA),
                B = Rate(b, nonFiniteB),
                Figures = [Rates(a.Ones, finiteA, b.Ones, finiteB)],
            },
            _ => Numbers(name, (a, nonFiniteA), (b, nonFiniteB), pooled),
        };
    }

    private void Walk(string name, SampleWalk a, SampleWalk b, PooledQuantile[] pooled)
    {
        while (true)
        {
            bool isInA = _a.Metric == name;
            bool isInB = _b.Metric == name;
            if (!isInA && !isInB)
                return;

            double value = isInA && isInB ? Math.Min(_a.Value, _b.Value) : isInA ? _a.Value : _b.Value;
            (long beforeA, long beforeB) = (a.Taken, b.Taken);
            Take(isInA, _a, a);
            Take(isInB, _b, b);
            for (int i = 0; i < pooled.Length; i++)
                pooled[i].Take(beforeA, beforeB, a.Taken, b.Taken);

            void Take(bool isIn, ComparedRun run, SampleWalk sample)
            {
                if (!isIn || run.Value != value)
                    return;
                sample.Take(value, run.Times);
                run.Advance();
            }
        }
    }

    private MetricKind KindOf(string name, SampleWalk a, SampleWalk b)
    {
        // Where somebody records points of such a name himself, there may be more than generations, and others than 1.
        if ((name.StartsWith("model_usage:", StringComparison.Ordinal) || name.StartsWith("finish_reason:", StringComparison.Ordinal))
            && a.Ones == a.Count && b.Ones == b.Count && a.Count <= _a.GenerationCount && b.Count <= _b.GenerationCount)
        {
            return MetricKind.Share;
        }

        // Counts that happen to be 1 all of the time are no rate.
        bool isRate = name.EndsWith("_rate", StringComparison.Ordinal) || (a.Ones + b.Ones > 0 && a.Ones + b.Ones < a.Count + b.Count);
        return a.Count + b.Count > 0 && a.IsBinary && b.IsBinary && isRate ? MetricKind.Rate : MetricKind.Number;
    }

    private static MetricSample? Share(long count, long nonFinite, long generations) =>
        generations == 0 ? null : new MetricSample
        {
            Count = count,
            NonFinite = nonFinite,
            Mean = Inference.Rate(count, generations),
        };

    private static MetricSample? Rate(SampleWalk sample, long nonFinite) =>
        sample.Count + nonFinite == 0
            ? null
            : new MetricSample
            {
                Count = sample.Count,
                NonFinite = nonFinite,
                Mean = sample.Count == 0 ? null : Inference.Rate(sample.Ones, sample.Count),
            };

    private static FigureComparison Rates(long hitsA, long countA, long hitsB, long countB) =>
        countA == 0 || countB == 0
            ? NotTested(ComparedFigure.Mean, null, ComparisonVerdict.Missing)
            : Tested(
                ComparedFigure.Mean,
                Inference.Difference(Inference.Rate(hitsA, countA), Inference.Rate(hitsB, countB)),
                ComparisonTest.FisherExact,
                Inference.Fisher(hitsA, countA, hitsB, countB));

    private static MetricComparison Numbers(
        string name,
        (SampleWalk Walk, long NonFinite) a,
        (SampleWalk Walk, long NonFinite) b,
        PooledQuantile[] pooled)
    {
        MetricSample? sampleA = Sample(a.Walk, a.NonFinite);
        MetricSample? sampleB = Sample(b.Walk, b.NonFinite);
        return new MetricComparison
        {
            Name = name,
            Kind = MetricKind.Number,
            A = sampleA,
            B = sampleB,
            Figures = [
                Means(a.Walk, b.Walk),
                .. QuantileFigures.Select(
                    (figure, i) => Quantiles(figure, a.Walk.Count, sampleA?.Of(figure), b.Walk.Count, sampleB?.Of(figure), pooled[i])),
            ],
        };
    }

    private static MetricSample? Sample(SampleWalk walk, long nonFinite)
    {
        if (walk.Count == 0)
            return nonFinite == 0 ? null : new MetricSample
            {
                Count = 0,
                NonFinite = nonFinite,
            };
        Estimate[] quantiles = [.. SampleWalk.Quantiles.Select(walk.Quantile)];
        return new MetricSample
        {
            Count = walk.Count,
            NonFinite = nonFinite,
            Mean = Inference.Mean(walk.Mean, walk.SquaredError, walk.Count),
            P50 = quantiles[0],
            P95 = quantiles[1],
            P99 = quantiles[2],
        };
    }

    private static FigureComparison Means(SampleWalk a, SampleWalk b)
    {
        if (a.Count == 0 || b.Count == 0)
            return NotTested(ComparedFigure.Mean, null, ComparisonVerdict.Missing);

        Estimate change = new(b.Mean - a.Mean, null, null);
        if (a.Count < 2 || b.Count < 2)
            return NotTested(ComparedFigure.Mean, change, ComparisonVerdict.TooFewPoints);
        if (a.IsConstant && b.IsConstant)
            return NotTested(ComparedFigure.Mean, change, ComparisonVerdict.NoSpread);
        if (!double.IsFinite(change.Value) || !double.IsFinite(a.SquaredError + b.SquaredError) || a.SquaredError + b.SquaredError == 0)
            return NotTested(ComparedFigure.Mean, change, ComparisonVerdict.NotFinite);

        (change, double p) = Inference.Welch(a.Mean, a.SquaredError, a.Count, b.Mean, b.SquaredError, b.Count);
        return Tested(ComparedFigure.Mean, change, ComparisonTest.Welch, p);
    }

    private static FigureComparison Quantiles(
        ComparedFigure figure,
        long countA,
        Estimate? a,
        long countB,
        Estimate? b,
        PooledQuantile pooled)
    {
        if (a is not { } estimateA || b is not { } estimateB)
            return NotTested(figure, null, ComparisonVerdict.Missing);

        Estimate change = Inference.Difference(estimateA, estimateB);
        if (change is { Lower: null } or { Upper: null })
            return NotTested(figure, change, ComparisonVerdict.TooFewPoints);
        return pooled.Divides
            ? Tested(figure, change, ComparisonTest.FisherExact, Inference.Fisher(pooled.BelowA, countA, pooled.BelowB, countB))
            : NotTested(figure, change, ComparisonVerdict.NoSpread);
    }

    private static FigureComparison Tested(ComparedFigure figure, Estimate change, ComparisonTest test, double p) =>
        new() { Figure = figure, Change = change, Test = test, PValue = p, Verdict = ComparisonVerdict.WithinChance };

    private static FigureComparison NotTested(ComparedFigure figure, Estimate? change, ComparisonVerdict verdict) =>
        new() { Figure = figure, Change = change, Test = ComparisonTest.None, Verdict = verdict };

    /// <summary>Holm, over all tests of all comparisons: the smallest p-value times the number of tests, the next times one less, and so
    /// on, none below the one before it.</summary>
    public static RunComparison[] Adjust(IReadOnlyList<RunComparison> comparisons)
    {
        MetricComparison[] metrics = [.. comparisons.SelectMany(comparison => comparison.Metrics)];
        (int Metric, int Figure, double P)[] tests =
        [
            .. metrics.SelectMany((metric, m) => metric.Figures.Select((figure, f) => (m, f, P: figure.PValue)))
                .Where(test => test.P is not null).Select(test => (test.m, test.f, test.P!.Value)).OrderBy(test => test.Value),
        ];
        FigureComparison[][] figures = [.. metrics.Select(metric => metric.Figures.ToArray())];
        double adjusted = 0;
        for (int i = 0; i < tests.Length; i++)
        {
            adjusted = Math.Max(adjusted, Math.Min(1, tests[i].P * (tests.Length - i)));
            ref FigureComparison figure = ref figures[tests[i].Metric][tests[i].Figure];
            figure = figure with
            {
                AdjustedPValue = adjusted,
                Verdict = adjusted < RunComparison.FamilywiseErrorRate ? ComparisonVerdict.BeyondChance : ComparisonVerdict.WithinChance,
            };
        }

        int next = 0;
        return
        [
            .. comparisons.Select(comparison => comparison with
            {
                Metrics = [.. comparison.Metrics.Select(metric => metric with { Figures = figures[next++] })],
            }),
        ];
    }

    private ModelComparison[] Models() =>
        [
            .. Names(_a.Summary)
                .Concat(Names(_b.Summary))
                .Distinct(StringComparer.Ordinal)
                .Select(model => new ModelComparison
                {
                    ModelName = model,
                    A = _a.Use(model),
                    B = _b.Use(model),
                })
                .OrderByDescending(model => (model.A?.TotalTokenCount ?? 0) + (model.B?.TotalTokenCount ?? 0))
                .ThenBy(model => model.ModelName, StringComparer.Ordinal),
        ];

    private static IEnumerable<string> Names(RunSummary summary) =>
        summary
            .Tokens.ByModel.Select(model => model.ModelName)
            .Concat(summary.Cost?.ByModel.Select(model => model.ModelName) ?? [])
            .Concat(
                summary
                    .Metrics.Keys.Where(name => name.StartsWith("model_usage:", StringComparison.Ordinal))
                    .Select(name => name["model_usage:".Length..]));
}
