namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Counts of what has been received since the receiver was created.</summary>
internal sealed class OtlpStatistics
{
    private long _requests;
    private long _spans;
    private long _generations;
    private long _mergedSpans;
    private long _repeatedSpans;
    private long _evaluations;
    private long _logRecords;
    private long _metrics;
    private long _rejected;
    private long _refusedUnauthorized;
    private long _refusedOrigin;
    private long _refusedTooLarge;
    private long _refusedMalformed;
    private long _refusedBusy;

    public long Requests => Interlocked.Read(ref _requests);

    public long Spans => Interlocked.Read(ref _spans);

    /// <summary>Spans that were generations, including those that were merged or received again.</summary>
    public long Generations => Interlocked.Read(ref _generations);

    /// <summary>Generations that were merged into a span above them for the same call.</summary>
    public long MergedSpans => Interlocked.Read(ref _mergedSpans);

    /// <summary>Generations and evaluations that had been received before and were dropped.</summary>
    public long RepeatedSpans => Interlocked.Read(ref _repeatedSpans);

    public long Evaluations => Interlocked.Read(ref _evaluations);

    public long LogRecords => Interlocked.Read(ref _logRecords);

    public long Metrics => Interlocked.Read(ref _metrics);

    /// <summary>Generations and evaluations that could not be recorded. Their sender was told.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>Requests without the key; if there is no key, requests that did not come from loopback.</summary>
    public long RefusedUnauthorized => Interlocked.Read(ref _refusedUnauthorized);

    /// <summary>Requests with an <c>Origin</c> header, as browsers send it.</summary>
    public long RefusedOrigin => Interlocked.Read(ref _refusedOrigin);

    public long RefusedTooLarge => Interlocked.Read(ref _refusedTooLarge);

    public long RefusedMalformed => Interlocked.Read(ref _refusedMalformed);

    /// <summary>Requests that were refused temporarily: the limit of memory, senders or waiting spans was reached, or the disk accepted no
    /// data.</summary>
    public long RefusedBusy => Interlocked.Read(ref _refusedBusy);

    public void CountAccepted(OtlpDecoding decoding)
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Add(ref _spans, decoding.Spans);
        Interlocked.Add(ref _logRecords, decoding.LogRecords);
        Interlocked.Add(ref _metrics, decoding.Metrics);
        Interlocked.Add(ref _rejected, decoding.Rejected);
    }

    public void CountTaken(int generations, int evaluations, int merged, int repeated)
    {
        Interlocked.Add(ref _generations, generations);
        Interlocked.Add(ref _evaluations, evaluations);
        Interlocked.Add(ref _mergedSpans, merged);
        Interlocked.Add(ref _repeatedSpans, repeated);
    }

    public void CountRefused(OtlpRefusal refusal)
    {
        switch (refusal)
        {
            case OtlpRefusal.Unauthorized:
                Interlocked.Increment(ref _refusedUnauthorized);
                break;
            case OtlpRefusal.Origin:
                Interlocked.Increment(ref _refusedOrigin);
                break;
            case OtlpRefusal.TooLarge:
                Interlocked.Increment(ref _refusedTooLarge);
                break;
            case OtlpRefusal.Busy or OtlpRefusal.Unavailable:
                Interlocked.Increment(ref _refusedBusy);
                break;
            default:
                Interlocked.Increment(ref _refusedMalformed);
                break;
        }
    }
}
