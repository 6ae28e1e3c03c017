namespace Afterimage.Monitoring.Reporting.Importing;

/// <summary>Converts the local times in one file, in the order of its lines, to points in time.</summary>
internal sealed class LocalTimes(TimeZoneInfo zone)
{
    // Threads write their lines slightly out of order.
    private static readonly TimeSpan Disorder = TimeSpan.FromMinutes(1);

    private DateTime _latest = DateTime.MinValue + Disorder;

    /// <summary>The number of times that occurred twice.</summary>
    public long Ambiguous { get; private set; }

    /// <summary>The number of times that never occurred.</summary>
    public long Invalid { get; private set; }

    /// <summary>Returns the time of the next point; null if it is outside the calendar.</summary>
    public DateTimeOffset? Next(PythonPoint point)
    {
        DateTime? utc = point.Offset is { } offset ? Minus(point.Time, offset) : Utc(point.Time);
        if (utc is not { } time)
            return null;

        if (time > _latest)
            _latest = time;
        return new DateTimeOffset(time, TimeSpan.Zero);
    }

    private DateTime? Utc(DateTime local)
    {
        if (zone.IsInvalidTime(local))
        {
            // Read the time as on a clock that was not set forward.
            Invalid++;
            DateTime before = local;
            while (zone.IsInvalidTime(before))
                before = before.AddMinutes(-1);
            return Minus(local, zone.GetUtcOffset(before));
        }

        if (!zone.IsAmbiguousTime(local))
            return Minus(local, zone.GetUtcOffset(local));

        // Choose the first of the two, unless lines before this one are already past it.
        Ambiguous++;
        TimeSpan[] offsets = zone.GetAmbiguousTimeOffsets(local);
        DateTime? first = Minus(local, offsets.Max());
        return first < _latest - Disorder ? Minus(local, offsets.Min()) : first;
    }

    private static DateTime? Minus(DateTime local, TimeSpan offset)
    {
        long ticks = local.Ticks - offset.Ticks;
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks ? null : new DateTime(ticks, DateTimeKind.Utc);
    }
}
