namespace Afterimage.Monitoring;

/// <summary>Figures about the records given to one handler, or about the alerts given to one alert handler.</summary>
public sealed record HandlerStatistics
{
    /// <summary>The type name of the handler, followed by a number from the second handler of that type on.</summary>
    public required string Name { get; init; }

    /// <summary>Records that the handler has handled.</summary>
    public required long Written { get; init; }

    /// <summary>Records that the handler received and lost, because of an exception or because it had not handled them when the monitor's
    /// time to shut down was over.</summary>
    public required long Failed { get; init; }

    /// <summary>Records that the handler never received because its queue was full.</summary>
    public required long Dropped { get; init; }

    /// <summary>Records that are waiting for the handler now.</summary>
    public required long Pending { get; init; }

    /// <summary>Calls to the handler that threw an exception.</summary>
    public required long Failures { get; init; }

    /// <summary>The message of the last exception, or <see langword="null"/> if there was none.</summary>
    public string? LastError { get; init; }

    /// <summary>Whether the handler has made no progress for <see cref="GenerationMonitorOptions.HandlerTimeLimit"/> while records are
    /// waiting for it.</summary>
    public required bool IsStalled { get; init; }
}
