namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>What a fleet is and is doing.</summary>
/// <param name="Id">Its own name, from when it was made: checkpoints are of one fleet.</param>
/// <param name="Version">Its schema's; one higher with each change.</param>
/// <param name="IsUpgrading">Whether its schema is about to change: nothing is sent until that is over.</param>
internal sealed record FleetState(string Id, int Version, bool IsUpgrading);
