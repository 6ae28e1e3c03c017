namespace Afterimage.Monitoring;

/// <summary>Settings of the shipping in a host. See <see cref="FleetHostingExtensions.AddFleetShipping(
/// Microsoft.Extensions.DependencyInjection.IServiceCollection, Action{FleetShippingOptions})"/>.</summary>
public sealed class FleetShippingOptions
{
    /// <summary>The directory whose runs are shipped. It is created if it does not exist. Default: <c>.afterimage-monitoring</c> in the
    /// current directory, where monitors without a configured directory write.</summary>
    public string Root { get; set; } = ".afterimage-monitoring";

    /// <summary>The location of the cluster, and the credentials. Required.</summary>
    public FleetOptions? Fleet { get; set; }

    /// <summary>How long lines wait, and how often directories are scanned. <see cref="ShippingOptions.Once"/> must not be set. Default:
    /// the defaults of <see cref="ShippingOptions"/>.</summary>
    public ShippingOptions Shipping { get; set; } = new();

    /// <summary>How long lines that are there when the host has stopped are still shipped. Lines that are left are shipped after the next
    /// start. Must not be negative. Default: 5 seconds.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentException">A setting is not valid; the message names it.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Root, nameof(Root));
        ArgumentNullException.ThrowIfNull(Fleet, nameof(Fleet));
        ArgumentNullException.ThrowIfNull(Shipping, nameof(Shipping));
        ArgumentOutOfRangeException.ThrowIfLessThan(ShutdownTimeout, TimeSpan.Zero, nameof(ShutdownTimeout));
        Fleet.Validate();
        Shipping.Validate();
        if (Shipping.Once)
            throw new ArgumentException("Shipping.Once must not be set, because a host ships until it stops.", nameof(Shipping));
    }
}
