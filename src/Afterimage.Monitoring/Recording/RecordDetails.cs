using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Recording;

/// <summary>The parts of a record that most records do not have.</summary>
internal sealed class RecordDetails
{
    public string? Error;

    /// <summary>The tags of a generation or evaluation, the metadata of a metric, or the data of a log entry. Scalars only; keys are
    /// distinct.</summary>
    public KeyValuePair<string, object?>[]? Tags;

    public RecordScore[]? Scores;

    /// <summary>The fields that have no member of their own.</summary>
    public RecordExtras? Extras;

    /// <summary>The activity in which a generation was recorded. Set only while there is a listener for spans.</summary>
    public Activity? Activity;

    /// <summary>The call's reservation in the budgets, until the call is counted.</summary>
    public BudgetReservation? Reservation;

    public string? LogMessage;
    public LogLevel LogLevel;
    public Exception? LogException;
    public ExceptionTexts? LogExceptionTexts;

    // The true names if the record's IDs say "overflow": the log keeps names that memory does not.
    public string? ModelName;
    public string? FinishReason;
    public string? Name;
    public string? Provider;
    public string? Operation;
}

internal readonly record struct RecordScore(int MetricId, string Name, double Score, string? Feedback);
