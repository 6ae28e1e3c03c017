using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring;

/// <summary>What became of the records given to one handler, or of the alerts given to an alert handler.</summary>
public sealed record HandlerStatistics
{
    /// <summary>The handler's type name, with a number from the second of a type on.</summary>
    public required string Name { get; init; }

    /// <summary>Records that it handled.</summary>
    public required long Written { get; init; }

    /// <summary>Records that it got and lost, by an exception or because it had not handled them when the monitor's time to shut down was
    /// over.</summary>
    public required long Failed { get; init; }

    /// <summary>Records that it never got because its queue was full.</summary>
    public required long Dropped { get; init; }

    /// <summary>Records that wait for it now.</summary>
    public required long Pending { get; init; }

    /// <summary>Calls of it that threw.</summary>
    public required long Failures { get; init; }

    /// <summary>The message of the last exception, or <see langword="null"/>.</summary>
    public string? LastError { get; init; }

    /// <summary>Whether it has made no progress for <see cref="GenerationMonitorOptions.HandlerTimeLimit"/> while records wait for
    /// it.</summary>
    public required bool IsStalled { get; init; }
}
