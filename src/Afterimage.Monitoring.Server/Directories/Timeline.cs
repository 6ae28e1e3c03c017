using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Counts of what happened in a time span.</summary>
internal sealed class TimeBucket
{
    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public double PromptTokens { get; private set; }

    public double CompletionTokens { get; private set; }

    /// <summary>The cost in US dollars; null if no call had a price.</summary>
    public double? Cost { get; private set; }

    public double ScoreSum { get; private set; }

    public long Scores { get; private set; }

    public QuantileSketch Durations { get; } = new();

    public long FirstTokens { get; private set; }

    public QuantileSketch TimesToFirstToken { get; } = new();

    public void Add(in Record record)
    {
        PromptTokens += record.PromptTokens;
        CompletionTokens += record.CompletionTokens;
        if (record.Has(RecordFields.Cost))
            Cost = (Cost ?? 0) + record.Value;
        if (record.Kind == RecordKind.Evaluation)
        {
            foreach (RecordScore score in record.Details!.Scores!)
            {
                if (!double.IsFinite(score.Score))
                    continue;
                Scores++;
                ScoreSum += score.Score;
            }

            return;
        }

        if (record.Has(RecordFields.Success))
            Succeeded++;
        else
            Failed++;
        Durations.Add((double)record.Duration / TimeSpan.TicksPerSecond, 1);
        if (record.Has(RecordFields.TimeToFirstToken))
        {
            FirstTokens++;
            TimesToFirstToken.Add((double)record.TimeToFirstToken / TimeSpan.TicksPerSecond, 1);
        }
    }
}

/// <summary>The course of a run over time, for figures: buckets of several widths, with the newest of each. Old data is only in wide
/// buckets, so that memory is bounded however long the history is.</summary>
internal sealed class Timeline
{
    private readonly Level[] _levels = [.. SeriesValues.Widths.Select(width => new Level(width))];

    /// <summary>Adds a generation or an evaluation to the bucket of each width that its time falls in.</summary>
    public void Add(in Record record)
    {
        foreach (Level level in _levels)
            level.Find(record.Timestamp)?.Add(record);
    }

    /// <summary>Returns the buckets of a time span, at most <paramref name="most"/>, each with its start. Buckets without records are left
    /// out.</summary>
    /// <param name="from">The start, in UTC ticks.</param>
    /// <param name="to">The end, in UTC ticks.</param>
    /// <param name="most">The maximum number of buckets.</param>
    /// <param name="least">Their least width, in ticks.</param>
    public (long Width, IReadOnlyList<(long Start, TimeBucket Bucket)> Buckets) Read(
        long from,
        long to,
        int most,
        long least = 0)
    {
        // Use the finest width that covers all of it.
        Level level =
            _levels.FirstOrDefault(l => l.Width >= least && (to - from) / l.Width < most && l.Reaches(from))
            ?? _levels[^1];
        return (level.Width, level.Between(from, to));
    }

    private sealed class Level(long width)
    {
        private const int Most = 600;

        private readonly SortedDictionary<long, TimeBucket> _buckets = [];
        private long _forgotten = long.MinValue;
        private (long Index, TimeBucket? Bucket) _last;

        public long Width => width;

        public bool Reaches(long from) => from / width > _forgotten || _forgotten == long.MinValue;

        public TimeBucket? Find(long timestamp)
        {
            long index = timestamp / width;
            if (index == _last.Index && _last.Bucket is not null)
                return _last.Bucket;
            if (index <= _forgotten)
                return null;
            if (!_buckets.TryGetValue(index, out TimeBucket? bucket))
            {
                _buckets[index] = bucket = new TimeBucket();
                if (_buckets.Count > Most)
                {
                    _forgotten = _buckets.First().Key;
                    _buckets.Remove(_forgotten);
                    if (_forgotten == index)
                        return null;
                }
            }

            _last = (index, bucket);
            return bucket;
        }

        public IReadOnlyList<(long, TimeBucket)> Between(long from, long to) =>
        [
            .. _buckets.SkipWhile(b => b.Key < from / width).TakeWhile(b => b.Key <= to / width).Select(b => (b.Key * width, b.Value)),
        ];
    }
}
