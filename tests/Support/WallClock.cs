using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Tests;

/// <summary>A clock that goes when the test says so, whose wall clock can be set. (<see cref="FakeTimeProvider.AdjustTime"/> sets the
/// monotonic clock too.)</summary>
public sealed class WallClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>By how much the wall clock has been set.</summary>
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
