using System.Diagnostics;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Recording;

/// <summary>The parts of a record that most records do not have.</summary>
internal sealed class RecordDetails
{
    public string? Error;

    /// <summary>Tags of a generation or evaluation, metadata of a metric, data of a log entry. Scalars only, keys distinct.</summary>
    public KeyValuePair<string, object?>[]? Tags;

    public RecordScore[]? Scores;

    /// <summary>The fields that have no place of their own.</summary>
    public RecordExtras? Extras;

    /// <summary>The activity in which a generation was recorded. Set only while somebody listens for spans.</summary>
    public Activity? Activity;

    /// <summary>What the call held of the budgets until it was counted.</summary>
    public BudgetReservation? Reservation;

    public string? LogMessage;
    public LogLevel LogLevel;
    public Exception? LogException;
    public ExceptionTexts? LogExceptionTexts;

    // The true names where the record's ids say "overflow": the log keeps what memory does not.
    public string? ModelName;
    public string? FinishReason;
    public string? Name;
    public string? Provider;
    public string? Operation;
}

internal readonly record struct RecordScore(int MetricId, string Name, double Score, string? Feedback);
