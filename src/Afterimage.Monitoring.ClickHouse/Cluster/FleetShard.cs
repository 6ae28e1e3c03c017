using Afterimage.Monitoring.ClickHouse.Http;

namespace Afterimage.Monitoring.ClickHouse.Cluster;

/// <summary>A shard, and those of its replicas that have been reached.</summary>
/// <param name="Name">The name of the shard, from its servers' macro <c>shard</c>.</param>
/// <param name="Replicas">The replicas that have been reached.</param>
internal sealed record FleetShard(string Name, IReadOnlyList<ClickHouseNode> Replicas);
