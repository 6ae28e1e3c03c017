using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>How grave an alert is.</summary>
public enum AlertLevel
{
    /// <summary>Good to know; also the level at which an alert that is over is announced.</summary>
    Info,

    /// <summary>Someone should look.</summary>
    Warning,

    /// <summary>Someone should look now.</summary>
    Error,
}
