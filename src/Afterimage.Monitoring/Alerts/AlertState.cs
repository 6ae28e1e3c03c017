namespace Afterimage.Monitoring;

/// <summary>The state of an alert rule.</summary>
public enum AlertState
{
    /// <summary>The rule is not firing and has not fired.</summary>
    Inactive,

    /// <summary>The rule's figure lies beyond the threshold, but not yet for <see cref="AlertRule.For"/>.</summary>
    Pending,

    /// <summary>The rule is firing.</summary>
    Firing,

    /// <summary>The rule has fired, and no longer does.</summary>
    Resolved,
}
