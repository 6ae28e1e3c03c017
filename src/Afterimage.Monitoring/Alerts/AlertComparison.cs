using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>On which side of its threshold a figure is bad. Strictly: at the threshold it is not.</summary>
public enum AlertComparison
{
    /// <summary>Above it.</summary>
    Above,

    /// <summary>Below it.</summary>
    Below,
}
