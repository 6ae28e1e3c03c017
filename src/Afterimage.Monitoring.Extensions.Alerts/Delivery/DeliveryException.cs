namespace Afterimage.Monitoring.Delivery;

/// <summary>The exception that is thrown when an alert could not be delivered.</summary>
/// <param name="message">The message for the log. It contains no part of the URL but the host name, and no secret.</param>
/// <param name="isTransient">Whether the next attempt may succeed.</param>
/// <param name="inner">The exception that was thrown.</param>
#pragma warning disable CA1032, RCS1194 // Nobody else makes one.
internal sealed class DeliveryException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
#pragma warning restore CA1032, RCS1194
{
    public bool IsTransient { get; } = isTransient;

    /// <summary>When the receiver accepts the next request, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
