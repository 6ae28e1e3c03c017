namespace Afterimage.Monitoring;

/// <summary>Settings that all deliveries of alerts have in common. They are read once, when the handler is added.</summary>
public abstract class AlertDeliveryOptions
{
    private protected AlertDeliveryOptions()
    {
    }

    /// <summary>The minimum level. Alerts below it are not delivered, nor are the announcements of their end. Default:
    /// <see cref="AlertLevel.Info"/>, all alerts are delivered.</summary>
    public AlertLevel MinimumLevel { get; set; } = AlertLevel.Info;

    /// <summary>The time limit for one attempt. Default: 10 s. Must be more than zero and at most an hour.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The maximum number of retries after attempts that failed for a transient reason. Default: 4. Must be from 0 to
    /// 100.</summary>
    public int RetryCount { get; set; } = 4;

    /// <summary>The delay before the first retry. It doubles with each retry, up to 30 s, and varies a little. Default: 1 s. Must not be
    /// negative, and must be at most 30 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Returns a copy that later changes do not affect, except for changes to its lists.</summary>
    internal AlertDeliveryOptions Copy() => (AlertDeliveryOptions)MemberwiseClone();

    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    internal virtual void Validate()
    {
        Require(Enum.IsDefined(MinimumLevel), nameof(MinimumLevel), "must be Info, Warning or Error.");
        Require(
            AttemptTimeout > TimeSpan.Zero && AttemptTimeout <= TimeSpan.FromHours(1),
            nameof(AttemptTimeout),
            "must be greater than zero and at most one hour.");
        Require(RetryCount is >= 0 and <= 100, nameof(RetryCount), "must be from 0 to 100.");
        Require(RetryDelay >= TimeSpan.Zero && RetryDelay <= TimeSpan.FromSeconds(30), nameof(RetryDelay), "must be from zero to 30 s.");
    }

    // The value is left out because it may be a secret.
    private protected static void Require(bool condition, string setting, string rule)
    {
        if (!condition)
            throw new ArgumentException($"{setting} {rule}", setting);
    }
}
