namespace Afterimage.Monitoring;

/// <summary>How alerts are brought to a Prometheus Alertmanager, by its API v2.</summary>
/// <remarks>
/// An alert has the labels <c>alertname</c>, <c>severity</c> (its level) and <c>instance</c> (the machine), then <see cref="Labels"/>; its
/// message is the annotation <c>summary</c>, its data are further annotations. While it fires it is sent again at the evaluations of the
/// rules, so that Alertmanager keeps it; when it is over that is sent too, and of a process that has ended it is over after
/// <see cref="ResolveTimeout"/>.
/// </remarks>
public sealed class AlertmanagerOptions : HttpAlertOptions
{
    /// <summary>
    /// Labels of each alert, by which Alertmanager routes and groups; one that the alert has already is replaced. Names have letters,
    /// digits and underscores. Default: none.
    /// </summary>
    public IDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How often an alert that goes on is sent again, at the next evaluation
    /// (<see cref="GenerationMonitorOptions.MetricsInterval"/>) from then on. Default: 1 minute. Not negative.</summary>
    public TimeSpan ResendInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>After what time without news an alert is over for Alertmanager. Default: 5 minutes. At most a day, more than
    /// <see cref="ResendInterval"/>, and at least that and <see cref="GenerationMonitorOptions.MetricsInterval"/> together: a monitor with
    /// a longer interval is refused.</summary>
    public TimeSpan ResolveTimeout { get; set; } = TimeSpan.FromMinutes(5);

    internal override void Validate()
    {
        base.Validate();
        foreach ((string name, string value) in Labels)
            Require(
                IsLabelName(name) && value is not null,
                nameof(Labels),
                $"has '{name}', which is no name of letters, digits and underscores, or has no value.");
        Require(ResendInterval >= TimeSpan.Zero, nameof(ResendInterval), "is not negative.");
        Require(
            ResolveTimeout > ResendInterval && ResolveTimeout <= TimeSpan.FromDays(1),
            nameof(ResolveTimeout),
            "is more than the resend interval and at most a day.");
    }

    internal static bool IsLabelName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
