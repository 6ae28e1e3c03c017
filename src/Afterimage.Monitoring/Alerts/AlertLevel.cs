namespace Afterimage.Monitoring;

/// <summary>The severity of an alert.</summary>
public enum AlertLevel
{
    /// <summary>For information. Also the level at which the end of an alert is announced.</summary>
    Info,

    /// <summary>Someone should look at it.</summary>
    Warning,

    /// <summary>Someone should look at it now.</summary>
    Error,
}
