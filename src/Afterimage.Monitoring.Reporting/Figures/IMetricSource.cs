namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>Where figures have their points from.</summary>
internal interface IMetricSource
{
    /// <summary>The numbers of finite points of the well-known metrics and of scores, where there are any.</summary>
    IReadOnlyDictionary<string, long> PointCounts { get; }

    MetricSeries Read(string metric);

    SeriesExtent ReadExtent(string metric);

    /// <summary>The most models that quantiles are of.</summary>
    const int MaxModels = 50;

    /// <summary>Quantiles of generation times by model, those without a model under "unknown": the <see cref="MaxModels"/> most frequent
    /// ones, and how many there are.</summary>
    (IReadOnlyList<ModelQuantiles> Models, int Count) LatencyByModel { get; }

    /// <summary>
    /// Sums of a metric by model and part of a grid: the <paramref name="maxModels"/> models with the greatest sums, in that order, then
    /// all others as one, with the number of them.
    /// </summary>
    (IReadOnlyList<ModelSums> Models, int Others) SumsByModel(string metric, TimeGrid grid, int maxModels);
}

/// <summary>Quantiles of a model's points: each the smallest value with at least that share of the points at or below it.</summary>
internal sealed record ModelQuantiles(string Model, long Count, double P5, double P25, double P50, double P75, double P95, double P99);

/// <summary>Sums of a model's points by part of a grid; <see langword="null"/> for all models that have none of their own.</summary>
internal sealed record ModelSums(string? Model, double[] Sums);
