namespace Afterimage.Monitoring;

/// <summary>A cluster could not be reached, refused something, or has not what is asked of it. The message is a sentence that says
/// which.</summary>
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
    /// <param name="innerException">Why.</param>
    public FleetException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The server's own number for the error; <see langword="null"/> where no server answered.</summary>
    public int? ErrorCode { get; init; }
}
