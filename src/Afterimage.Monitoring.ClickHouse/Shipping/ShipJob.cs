namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>A unit to be brought into the cluster, and its progress.</summary>
/// <param name="run">The run of the unit.</param>
/// <param name="unit">The unit.</param>
/// <param name="delivery">What is known about the delivery of the unit.</param>
/// <param name="since">The time since which the unit is known.</param>
internal sealed class ShipJob(RunShipper run, ShipUnit unit, Delivery delivery, DateTimeOffset since)
{
    public RunShipper Run => run;

    public ShipUnit Unit => unit;

    public Delivery Delivery => delivery;

    /// <summary>The time since which the unit is known.</summary>
    public DateTimeOffset Since { get; } = since;

    public UnitRows? Rows { get; set; }

    public DateTimeOffset NotBefore { get; set; } = since;

    public int Failures { get; set; }
}
