using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Runs;

/// <summary>The calls of one model, or with one tag: series of their own in the run's metric store.</summary>
internal sealed class CallGroup(Func<string, FilteredSeries> watch)
{
    private readonly FilteredSeries _times = watch("generation_time");
    private readonly FilteredSeries _successes = watch("success_rate");
    private readonly FilteredSeries _prompt = watch("prompt_token_count");
    private readonly FilteredSeries _completion = watch("completion_token_count");
    private readonly FilteredSeries _total = watch("total_token_count");
    private readonly FilteredSeries _cost = watch("cost_usd");
    private readonly FilteredSeries _unpriced = watch("unpriced_token_count");

    public MetricAggregate Times(long from) => _times.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate Successes(long from) => _successes.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate PromptTokens(long from) => _prompt.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate CompletionTokens(long from) => _completion.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate TotalTokens(long from) => _total.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate Cost(long from) => _cost.Series.Aggregate(TimeRange.Since(from));

    public MetricAggregate UnpricedTokens(long from) => _unpriced.Series.Aggregate(TimeRange.Since(from));
}
