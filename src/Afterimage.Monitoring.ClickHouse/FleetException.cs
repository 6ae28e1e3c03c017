namespace Afterimage.Monitoring;

/// <summary>The exception that is thrown when a cluster cannot be reached, refuses a request, or does not have what is requested. The
/// message is a sentence that says which.</summary>
public sealed class FleetException : IOException
{
    /// <inheritdoc cref="FleetException"/>
    public FleetException()
    {
    }

    /// <inheritdoc cref="FleetException"/>
    /// <param name="message">What went wrong.</param>
    public FleetException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="FleetException"/>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">The cause.</param>
    public FleetException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The server's error number; <see langword="null"/> if no server answered.</summary>
    public int? ErrorCode { get; init; }
}
