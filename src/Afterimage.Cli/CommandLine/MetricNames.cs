using System.Data.Common;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>The metrics of a log directory, for users who name one that does not exist.</summary>
internal static class MetricNames
{
    private const int MaxShown = 8;

    /// <exception cref="InputException">The metric has no point. The message names the metrics that have points, most frequent
    /// first.</exception>
    public static async Task ThrowIfUnknownAsync(LogDirectory log, string metric, CancellationToken cancellationToken)
    {
        // Points of any time count: a metric without points in a time span is a valid result.
        using LogQuery query = await LogDirectory.Open(log.Paths).QueryAsync(
            "SELECT metric FROM points WHERE isfinite(value) GROUP BY ALL ORDER BY count(*) DESC, metric",
            options: null,
            cancellationToken);
        DbDataReader reader = query.Reader;
        List<string> metrics = [];
        while (reader.Read())
            metrics.Add(reader.GetString(0));

        if (metrics.Contains(metric))
            return;
        string known = string.Join(", ", metrics.Take(MaxShown).Select(name => Format.Name(name, 40)));
        string more = metrics.Count > MaxShown ? $" and {metrics.Count - MaxShown} more" : "";
        throw new InputException($"There is no metric '{Format.Name(metric, 80)}' in '{log.Path}'. Its metrics are: {known}{more}.");
    }
}
