using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Cluster;

/// <summary>A shard, and those of its replicas that have been reached.</summary>
/// <param name="Name">Its name, by its servers' macro <c>shard</c>.</param>
/// <param name="Replicas">Its replicas.</param>
internal sealed record FleetShard(string Name, IReadOnlyList<ClickHouseNode> Replicas);
