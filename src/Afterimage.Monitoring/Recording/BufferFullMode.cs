namespace Afterimage.Monitoring;

/// <summary>What a recording call does when its thread's buffer is full.</summary>
public enum BufferFullMode
{
    /// <summary>The call waits until there is room. Nothing is lost.</summary>
    Wait,

    /// <summary>The call returns at once. The record is dropped and counted in <see cref="MonitorStatistics.Dropped"/>.</summary>
    Drop,
}
