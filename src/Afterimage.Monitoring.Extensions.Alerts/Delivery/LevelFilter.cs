namespace Afterimage.Monitoring.Delivery;

/// <summary>Lets through alerts of at least a level, and the ends of alerts that it let through.</summary>
internal sealed class LevelFilter(AlertLevel minimum)
{
    private readonly HashSet<string> _passed = new(StringComparer.Ordinal);

    public IReadOnlyList<Alert> Filter(IReadOnlyList<Alert> alerts) => minimum == AlertLevel.Info ? alerts : [.. alerts.Where(Passes)];

    private bool Passes(Alert alert)
    {
        if (alert.IsResolved)
            return _passed.Remove(alert.Name);
        return alert.Level >= minimum && (_passed.Add(alert.Name) || true);
    }
}
