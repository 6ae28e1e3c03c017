using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring;

/// <summary>What became of the records given to one handler, or of the alerts given to an alert handler.</summary>
/// <param name="Name">The handler's type name, with a number from the second of a type on.</param>
/// <param name="Written">Records that it handled.</param>
/// <param name="Failed">Records that it got and lost, by an exception or because it had not handled them when the monitor's time to shut
/// down was over.</param>
/// <param name="Dropped">Records that it never got because its queue was full.</param>
/// <param name="Pending">Records that wait for it now.</param>
/// <param name="Failures">Calls of it that threw.</param>
/// <param name="LastError">The message of the last exception, or <see langword="null"/>.</param>
/// <param name="IsStalled">Whether it has made no progress for <see cref="GenerationMonitorOptions.HandlerTimeLimit"/> while records wait
/// for it.</param>
public sealed record HandlerStatistics(
    string Name,
    long Written,
    long Failed,
    long Dropped,
    long Pending,
    long Failures,
    string? LastError,
    bool IsStalled);
