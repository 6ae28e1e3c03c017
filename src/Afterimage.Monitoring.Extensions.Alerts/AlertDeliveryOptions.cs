namespace Afterimage.Monitoring;

/// <summary>What every way of delivering alerts can be told. Read once, when the handler is added.</summary>
public abstract class AlertDeliveryOptions
{
    private protected AlertDeliveryOptions()
    {
    }

    /// <summary>Alerts below this level are left out, and so are the announcements that these are over. Default:
    /// <see cref="AlertLevel.Info"/>, all are delivered.</summary>
    public AlertLevel MinimumLevel { get; set; } = AlertLevel.Info;

    /// <summary>How long one attempt may take. Default: 10 s. More than zero, at most an hour.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often it is tried again after an attempt that failed for a reason that may pass. Default: 4. 0 to 100.</summary>
    public int RetryCount { get; set; } = 4;

    /// <summary>The wait before the second attempt; it doubles from attempt to attempt, up to 30 s, and varies a little. Default: 1 s. Not
    /// negative, at most 30 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What later changes of this one do not touch, save its lists.</summary>
    internal AlertDeliveryOptions Copy() => (AlertDeliveryOptions)MemberwiseClone();

    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    internal virtual void Validate()
    {
        Require(Enum.IsDefined(MinimumLevel), nameof(MinimumLevel), "is Info, Warning or Error.");
        Require(
            AttemptTimeout > TimeSpan.Zero && AttemptTimeout <= TimeSpan.FromHours(1),
            nameof(AttemptTimeout),
            "is more than zero and at most an hour.");
        Require(RetryCount is >= 0 and <= 100, nameof(RetryCount), "is from 0 to 100.");
        Require(RetryDelay >= TimeSpan.Zero && RetryDelay <= TimeSpan.FromSeconds(30), nameof(RetryDelay), "is from zero to 30 s.");
    }

    // Without the value: it may be a secret.
    private protected static void Require(bool condition, string setting, string rule)
    {
        if (!condition)
            throw new ArgumentException($"{setting} {rule}", setting);
    }
}
