namespace Afterimage.Cli.Simulation;

/// <summary>
/// The durations that a trace does not have: 0.2 s and 0.0001 s a prompt token to the first token, then 0.02 s a completion token.
/// Reckoned in ticks of 100 ns, exactly.
/// </summary>
internal static class DurationModel
{
    private const long BaseTicks = TimeSpan.TicksPerSecond / 5;
    private const long TicksPerPromptToken = TimeSpan.TicksPerSecond / 10_000;
    private const long TicksPerCompletionToken = TimeSpan.TicksPerSecond / 50;

    public static TimeSpan TimeToFirstToken(in TraceRow row) => new(BaseTicks + (TicksPerPromptToken * row.PromptTokens));

    public static TimeSpan Duration(in TraceRow row) =>
        TimeToFirstToken(row) + new TimeSpan(TicksPerCompletionToken * row.CompletionTokens);
}
