namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>The state of a fleet.</summary>
/// <param name="Id">The ID of the fleet, assigned when it was created. A checkpoint belongs to one fleet.</param>
/// <param name="Version">The version of the schema, increased by one with each change.</param>
/// <param name="IsUpgrading">Whether the schema is about to change. Nothing is sent until that is over.</param>
/// <param name="KeptFrom">The day before which lines were removed; null if none were.</param>
internal sealed record FleetState(string Id, int Version, bool IsUpgrading, DateOnly? KeptFrom);
