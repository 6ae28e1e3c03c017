using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Tests.Support;

/// <summary>A clock of the test's whose wall time can be set without touching the time that passes.</summary>
internal sealed class WallClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>By how much the wall clock has been set.</summary>
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
