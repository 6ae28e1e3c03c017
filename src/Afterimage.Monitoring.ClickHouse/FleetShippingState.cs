namespace Afterimage.Monitoring;

/// <summary>The state of the shipping in a host. A service of the host that calls <see cref="FleetHostingExtensions.AddFleetShipping(
/// Microsoft.Extensions.DependencyInjection.IServiceCollection, Action{FleetShippingOptions})"/>. Thread-safe.</summary>
public sealed class FleetShippingState
{
    private ShippingStatus? _status;

    internal FleetShippingState()
    {
    }

    /// <summary>The last status; <see langword="null"/> before the directory was scanned for the first time.</summary>
    public ShippingStatus? Status
    {
        get => Volatile.Read(ref _status);
        internal set => Volatile.Write(ref _status, value);
    }
}
