using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>A clock that goes when the test says so, whose wall clock can be set. (<see cref="FakeTimeProvider.AdjustTime"/> sets the
/// monotonic clock too.)</summary>
internal sealed class WallClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
