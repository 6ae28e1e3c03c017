namespace Afterimage.Monitoring;

/// <summary>The result of <see cref="Fleet.InitializeAsync"/>.</summary>
public sealed record FleetInitialization
{
    /// <summary>The ID of the fleet, assigned when it was created.</summary>
    public required string FleetId { get; init; }

    /// <summary>Whether the fleet was created by this call.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The version of the fleet's tables: 1 for new tables, increased by one with each upgrade.</summary>
    public required int Version { get; init; }

    /// <summary>The columns that were added to existing tables, as <c>TABLE.COLUMN</c>.</summary>
    public required IReadOnlyList<string> AddedColumns { get; init; }
}
