using System.Net;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Server.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

// Takes OTLP over HTTP on a free port of 127.0.0.1, which it says on standard output, until it is killed or standard input ends.
// Arguments: the root, and how many seconds spans are held.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
builder.Logging.ClearProviders();
builder.Services.AddOtlpReceiver(
    new OtlpOptions
    {
        RootDirectory = args[0],
        HoldTime = TimeSpan.FromSeconds(int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture)),
        ConfigureMonitor = monitor => monitor.HandlerTimeLimit = monitor.ShutdownTimeout = TimeSpan.FromMinutes(3),
    });
WebApplication app = builder.Build();
app.MapOtlp();
await app.StartAsync();
Console.Out.Write(app.Urls.Single() + "\n");
while (Console.In.ReadLine() is not null)
{
}

await app.StopAsync();
