using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What a recording call does when its thread's buffer is full.</summary>
public enum BufferFullMode
{
    /// <summary>It waits until there is room: nothing is lost.</summary>
    Wait,

    /// <summary>It returns at once and the record is dropped and counted in <see cref="MonitorStatistics.Dropped"/>.</summary>
    Drop,
}
