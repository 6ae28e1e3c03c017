using System.Diagnostics;

namespace Afterimage.Cli.Simulation;

/// <summary>Advances a clock, either as fast as possible or by a factor of real time.</summary>
/// <param name="clock">The clock.</param>
/// <param name="factor">Seconds of the clock per real second; <see langword="null"/>: as fast as possible.</param>
internal sealed class Pace(TraceClock clock, double? factor)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private readonly long _realStart = Stopwatch.GetTimestamp();

    public async ValueTask AdvanceToAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (factor is { } speed)
        {
            while (true)
            {
                DateTimeOffset reached = _start + (Stopwatch.GetElapsedTime(_realStart) * speed);
                if (reached >= time)
                    break;

                // Advance in steps, so that timers of the clock also fire during pauses of the trace.
                clock.AdvanceTo(reached);
                TimeSpan remaining = (time - reached) / speed;
                await Task.Delay(remaining < Step ? remaining : Step, cancellationToken);
            }
        }

        clock.AdvanceTo(time);
    }
}
