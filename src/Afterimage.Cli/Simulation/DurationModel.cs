namespace Afterimage.Cli.Simulation;

/// <summary>
/// Models the durations that a trace lacks: 0.2 s and 0.0001 s per prompt token until the first token, then 0.02 s per completion token.
/// Calculated exactly, in ticks of 100 ns.
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
