using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>The states of a rule.</summary>
public enum AlertState
{
    /// <summary>Nothing is wrong, and nothing was.</summary>
    Inactive,

    /// <summary>Its figure lies beyond the threshold, but not yet for <see cref="AlertRule.For"/>.</summary>
    Pending,

    /// <summary>It fires.</summary>
    Firing,

    /// <summary>It has fired, and is over.</summary>
    Resolved,
}
