namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>What is known of a unit on its way, and so what is done with it next. It decides, and does nothing.</summary>
/// <remarks>
/// An attempt that failed may have got through, or may do so yet. While it is young, the same block is sent again: servers take it for what
/// they have. Once it is old they may have forgotten it: then lines are counted on a replica that has caught up with its shard, and what is
/// missing is sent. A whole month of a unit is the same block each time; a part of one is another, and is not sent before every attempt
/// made earlier must have come to its end.
/// </remarks>
internal sealed class Delivery
{
    /// <summary>How long after an attempt the same block is sent again without counting. Servers remember it for longer.</summary>
    public static readonly TimeSpan ResendTime = TimeSpan.FromMinutes(2);

    /// <summary>How long after it was made an attempt may still get through.</summary>
    public static readonly TimeSpan MaxLateness = TimeSpan.FromMinutes(10);

    private DateTimeOffset? _firstAttempt;
    private DateTimeOffset? _lastAttempt;
    private int _version;

    // Then what is sent is never all of it, and so is counted before each attempt.
    private bool _isPartlyThere;

    private Delivery(bool isInDoubt, DateTimeOffset? lastAttempt) => (IsInDoubt, _lastAttempt) = (isInDoubt, lastAttempt);

    public enum Step
    {
        /// <summary>Send all of it.</summary>
        Send,

        /// <summary>Count what is there, and send what is not.</summary>
        Settle,
    }

    /// <summary>Whether an attempt was made that may have got through.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>That of a unit which nobody has sent.</summary>
    public static Delivery OfNew() => new(isInDoubt: false, lastAttempt: null);

    /// <summary>That of a unit which a shipper before may have sent, at any time until now.</summary>
    public static Delivery OfKnown(DateTimeOffset now) => new(isInDoubt: true, now);

    /// <summary>What to do next.</summary>
    /// <param name="now">The time.</param>
    /// <param name="version">The schema's version: under another one the same rows are another block.</param>
    public Step Next(DateTimeOffset now, int version) =>
        !IsInDoubt || (!_isPartlyThere && _firstAttempt is { } first && now - first < ResendTime && _version == version)
            ? Step.Send
            : Step.Settle;

    /// <summary>Notes that an attempt is being made.</summary>
    public void Attempting(DateTimeOffset now, int version)
    {
        IsInDoubt = true;
        _firstAttempt ??= now;
        _lastAttempt = now;
        _version = version;
    }

    /// <summary>Notes that lines were counted: what is missing was not in by then, and attempts begin anew.</summary>
    /// <param name="isPartlyThere">Whether some are there and some are not.</param>
    public void Settled(bool isPartlyThere) => (IsInDoubt, _firstAttempt, _isPartlyThere) = (false, null, isPartlyThere);

    /// <summary>Notes that something waits to be sent until it is counted again.</summary>
    public void Wait() => (IsInDoubt, _firstAttempt) = (true, null);

    /// <summary>Whether a part of a month may be sent.</summary>
    public bool MaySendPart(DateTimeOffset now) => _lastAttempt is not { } last || now - last >= MaxLateness;
}
