using Afterimage.Monitoring;

// Started, and killed, by the tests as a real process: Afterimage.ShipProgram ROOT DATABASE URL...
// It ships until it is killed, and does not wait long for answers.
using var fleet = new Fleet(
    new FleetOptions
    {
        Urls = [.. args[2..].Select(url => new Uri(url))],
        Database = args[1],
        RequestTimeout = TimeSpan.FromSeconds(5),
    });
await fleet.ShipAsync(
    args[0],
    new ShippingOptions { MaxDelay = TimeSpan.FromMilliseconds(200), PollInterval = TimeSpan.FromMilliseconds(100) });
