using Afterimage.Monitoring;
using Afterimage.ShipProgram;

// Started, and killed, by the tests as a real process: Afterimage.ShipProgram ROOT DATABASE URL...
// It ships until it is killed, and does not wait long for answers. Or: Afterimage.ShipProgram plan DIRECTORY
// It opens a run for shipping and plans units of it, one for each line of standard input, which it answers with a line.
if (args is ["plan", string directory])
{
    Planning.Run(directory);
    return;
}

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
