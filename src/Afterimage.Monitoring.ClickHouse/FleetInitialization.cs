namespace Afterimage.Monitoring;

/// <summary>What <see cref="Fleet.InitializeAsync"/> has done.</summary>
public sealed record FleetInitialization
{
    /// <summary>The fleet's own name, from when it was made.</summary>
    public required string FleetId { get; init; }

    /// <summary>Whether it was made now.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The version of its tables: 1 for new ones, and one more with each upgrade.</summary>
    public required int Version { get; init; }

    /// <summary>Columns that were added to tables that were there, as <c>TABLE.COLUMN</c>.</summary>
    public required IReadOnlyList<string> AddedColumns { get; init; }
}
