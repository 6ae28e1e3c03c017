namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Keeps what is known about the delivery of a unit, and decides on the next step. It does not carry out the step.</summary>
/// <remarks>
/// An attempt that failed may have succeeded on the server, or may still do so. While it is recent, the same block is sent again, and
/// servers recognize it. When it is old, they may have forgotten it: the lines are then counted on a replica that has caught up with its
/// shard, and missing lines are sent. A whole month of a unit is the same block each time. A part of a month is a different block, and is
/// not sent until every earlier attempt must have ended.
/// </remarks>
internal sealed class Delivery
{
    /// <summary>How long after an attempt the same block is sent again without counting. Servers remember it for longer than
    /// that.</summary>
    public static readonly TimeSpan ResendTime = TimeSpan.FromMinutes(2);

    /// <summary>How long after it was made an attempt may still succeed.</summary>
    public static readonly TimeSpan MaxLateness = TimeSpan.FromMinutes(10);

    private DateTimeOffset? _firstAttempt;
    private DateTimeOffset? _lastAttempt;
    private int _version;

    // If so, what is sent is never the whole unit, and so lines are counted before each attempt.
    private bool _isPartlyThere;

    private Delivery(bool isInDoubt, DateTimeOffset? lastAttempt) => (IsInDoubt, _lastAttempt) = (isInDoubt, lastAttempt);

    public enum Step
    {
        /// <summary>Send the whole unit.</summary>
        Send,

        /// <summary>Count the lines that are there, and send the others.</summary>
        Settle,
    }

    /// <summary>Whether an attempt was made that may have succeeded.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Creates the delivery of a unit that has never been sent.</summary>
    public static Delivery OfNew() => new(isInDoubt: false, lastAttempt: null);

    /// <summary>Creates the delivery of a unit that an earlier shipper may have sent, at any time until now.</summary>
    public static Delivery OfKnown(DateTimeOffset now) => new(isInDoubt: true, now);

    /// <summary>Returns the next step.</summary>
    /// <param name="now">The time.</param>
    /// <param name="version">The version of the schema. Under another version, the same rows are a different block.</param>
    public Step Next(DateTimeOffset now, int version) =>
        !IsInDoubt || (!_isPartlyThere && _firstAttempt is { } first && now - first < ResendTime && _version == version)
            ? Step.Send
            : Step.Settle;

    /// <summary>Records that an attempt is being made.</summary>
    public void Attempting(DateTimeOffset now, int version)
    {
        IsInDoubt = true;
        _firstAttempt ??= now;
        _lastAttempt = now;
        _version = version;
    }

    /// <summary>Records that lines were counted. Missing lines had not arrived by then, and attempts begin again.</summary>
    /// <param name="isPartlyThere">Whether some lines are there and some are not.</param>
    public void Settled(bool isPartlyThere) => (IsInDoubt, _firstAttempt, _isPartlyThere) = (false, null, isPartlyThere);

    /// <summary>Records that lines must be counted again before anything is sent.</summary>
    public void Wait() => (IsInDoubt, _firstAttempt) = (true, null);

    /// <summary>Returns whether a part of a month may be sent.</summary>
    public bool MaySendPart(DateTimeOffset now) => _lastAttempt is not { } last || now - last >= MaxLateness;
}
