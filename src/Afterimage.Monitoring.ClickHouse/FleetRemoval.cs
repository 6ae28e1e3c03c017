namespace Afterimage.Monitoring;

/// <summary>The result of <see cref="Fleet.RemoveBeforeAsync"/>.</summary>
public sealed record FleetRemoval
{
    /// <summary>The first day whose lines were kept, by UTC: the first day of a month.</summary>
    public required DateOnly KeptFrom { get; init; }

    /// <summary>The number of lines that were removed.</summary>
    public required long Lines { get; init; }
}
