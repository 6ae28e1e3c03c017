using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>What happened in one span of time.</summary>
internal sealed class TimeBucket
{
    public long Succeeded { get; set; }

    public long Failed { get; set; }

    public double PromptTokens { get; set; }

    public double CompletionTokens { get; set; }

    /// <summary>US dollars; null where no call had a price.</summary>
    public double? Cost { get; set; }

    public double ScoreSum { get; set; }

    public long Scores { get; set; }

    public QuantileSketch Durations { get; } = new();

    public long FirstTokens { get; set; }

    public QuantileSketch TimesToFirstToken { get; } = new();

    public void Add(TimeBucket other)
    {
        Succeeded += other.Succeeded;
        Failed += other.Failed;
        PromptTokens += other.PromptTokens;
        CompletionTokens += other.CompletionTokens;
        if (other.Cost is { } cost)
            Cost = (Cost ?? 0) + cost;
        ScoreSum += other.ScoreSum;
        Scores += other.Scores;
        Durations.Merge(other.Durations);
        FirstTokens += other.FirstTokens;
        TimesToFirstToken.Merge(other.TimesToFirstToken);
    }
}

/// <summary>A run over time, for figures: buckets of several widths, the newest of each. What is old is there in wide ones only, so that
/// memory is bounded whatever the history.</summary>
internal sealed class Timeline
{
    // A bucket of any width lies wholly in one of the next.
    private static readonly long[] Widths =
    [
        .. new[] { 1, 5, 15, 60, 300, 1800, 7200, 43_200, 604_800, 31_536_000 }.Select(seconds => seconds * TimeSpan.TicksPerSecond),
    ];

    private readonly Level[] _levels = [.. Widths.Select(width => new Level(width))];

    /// <summary>The bucket that a time falls in, of each width.</summary>
    public void Add(long timestamp, Action<TimeBucket> add)
    {
        foreach (Level level in _levels)
        {
            if (level.Find(timestamp) is { } bucket)
                add(bucket);
        }
    }

    /// <summary>The buckets of a span of time, at most <paramref name="most"/>, each with its start; those without records are
    /// absent.</summary>
    /// <param name="from">The start, in UTC ticks.</param>
    /// <param name="to">The end.</param>
    /// <param name="most">How many buckets there may be.</param>
    public (long Width, IReadOnlyList<(long Start, TimeBucket Bucket)> Buckets) Read(long from, long to, int most)
    {
        // The finest that has all of it.
        Level level = _levels.FirstOrDefault(l => (to - from) / l.Width < most && l.Reaches(from)) ?? _levels[^1];
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
