namespace Afterimage.Monitoring.Delivery;

/// <summary>An alert could not be delivered.</summary>
/// <param name="message">What the log says: no address but the host's name, no secret.</param>
/// <param name="isTransient">Whether it may go well the next time.</param>
/// <param name="inner">What was thrown.</param>
#pragma warning disable CA1032, RCS1194 // Nobody else makes one.
internal sealed class DeliveryException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
#pragma warning restore CA1032, RCS1194
{
    public bool IsTransient { get; } = isTransient;

    /// <summary>When the receiver wants to be asked again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
