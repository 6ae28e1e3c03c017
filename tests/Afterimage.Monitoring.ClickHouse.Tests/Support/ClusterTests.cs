namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>Tests that ask a cluster, one after the other: servers of version 18.16 stand in each other's way when statements on a cluster
/// come at the same time.</summary>
internal static class ClusterTests
{
    public const string Name = "Cluster";
}
