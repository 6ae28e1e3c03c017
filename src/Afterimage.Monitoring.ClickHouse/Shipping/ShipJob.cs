namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>A unit that is to be brought into the cluster, and how far that is.</summary>
/// <param name="run">Its run.</param>
/// <param name="unit">The unit.</param>
/// <param name="delivery">What is known of it.</param>
/// <param name="since">Since when it is known.</param>
internal sealed class ShipJob(RunShipper run, ShipUnit unit, Delivery delivery, DateTimeOffset since)
{
    public RunShipper Run => run;

    public ShipUnit Unit => unit;

    public Delivery Delivery => delivery;

    /// <summary>Since when it is known.</summary>
    public DateTimeOffset Since { get; } = since;

    public UnitRows? Rows { get; set; }

    public DateTimeOffset NotBefore { get; set; } = since;

    public int Failures { get; set; }
}
