namespace Afterimage.Monitoring.Server.Cluster;

/// <summary>Sums of tokens, as pages show them.</summary>
internal static class CallTokens
{
    /// <summary>Returns a sum of the calls' tokens; null if no call has any token count.</summary>
    public static double? IfKnown(this KeySummary calls, long tokens) =>
        calls.CallsWithoutTokens < calls.Generations + calls.Evaluations ? tokens : null;
}
