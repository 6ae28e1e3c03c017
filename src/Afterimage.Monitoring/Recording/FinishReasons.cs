namespace Afterimage.Monitoring;

/// <summary>Finish reasons that no model gives: the caller ended the generation.</summary>
/// <remarks>Such a generation is neither a success nor an error: its <c>success_rate</c> and <c>error_rate</c> points are both 0.</remarks>
public static class FinishReasons
{
    /// <summary>The generation's cancellation token was cancelled.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The caller stopped reading the generation's stream before its end.</summary>
    public const string Abandoned = "abandoned";
}
