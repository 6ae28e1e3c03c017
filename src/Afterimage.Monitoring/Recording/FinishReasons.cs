using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Finish reasons that no model gives: the caller's side ended the generation.</summary>
/// <remarks>A generation that ended so is neither a success nor an error: its <c>success_rate</c> and <c>error_rate</c> points are both
/// 0.</remarks>
public static class FinishReasons
{
    /// <summary>Its cancellation token was cancelled.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Its stream was left before the end.</summary>
    public const string Abandoned = "abandoned";
}
