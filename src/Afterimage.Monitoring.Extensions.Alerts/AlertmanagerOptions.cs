namespace Afterimage.Monitoring;

/// <summary>Settings for sending alerts to a Prometheus Alertmanager through its API v2.</summary>
/// <remarks>
/// An alert has the labels <c>alertname</c>, <c>severity</c> (its level) and <c>instance</c> (the machine), then <see cref="Labels"/>. Its
/// message is the annotation <c>summary</c>; its data are further annotations. While the alert is firing, it is sent again when the rules
/// are evaluated, so that Alertmanager keeps it. When it has ended, its end is sent too. If the process has ended, the alert ends after
/// <see cref="ResolveTimeout"/>.
/// </remarks>
public sealed class AlertmanagerOptions : HttpAlertOptions
{
    /// <summary>
    /// Labels to add to each alert, by which Alertmanager routes and groups. A label that the alert already has is replaced. Names must
    /// consist of letters, digits and underscores. Default: none.
    /// </summary>
    public IDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long a firing alert waits to be sent again. It is sent at the next evaluation after that
    /// (<see cref="GenerationMonitorOptions.MetricsInterval"/>). Default: 1 minute. Must not be negative.</summary>
    public TimeSpan ResendInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long Alertmanager keeps an alert without hearing of it. Default: 5 minutes. Must be at most a day, more than
    /// <see cref="ResendInterval"/>, and at least the sum of that and <see cref="GenerationMonitorOptions.MetricsInterval"/>: a monitor
    /// with a longer interval is refused.</summary>
    public TimeSpan ResolveTimeout { get; set; } = TimeSpan.FromMinutes(5);

    internal override void Validate()
    {
        base.Validate();
        foreach ((string name, string value) in Labels)
            Require(
                IsLabelName(name) && value is not null,
                nameof(Labels),
                $"contains '{name}'. A name must consist of letters, digits and underscores, and must have a value.");
        Require(ResendInterval >= TimeSpan.Zero, nameof(ResendInterval), "must not be negative.");
        Require(
            ResolveTimeout > ResendInterval && ResolveTimeout <= TimeSpan.FromDays(1),
            nameof(ResolveTimeout),
            "must be longer than the resend interval and at most one day.");
    }

    internal static bool IsLabelName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
