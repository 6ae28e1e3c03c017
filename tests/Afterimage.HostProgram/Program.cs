// A web service with two monitors, which has everything that it knows of them from its appsettings.json.
using System.Globalization;
using Afterimage.HostProgram;
using Afterimage.Monitoring;
using Microsoft.Extensions.AI;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddGenerationMonitor("support", builder.Configuration.GetSection("Support"));
builder.Services.AddGenerationMonitor("search", builder.Configuration.GetSection("Search"));
builder.Services.AddHealthChecks()
    .AddGenerationMonitor("support_monitor", monitorName: "support")
    .AddGenerationMonitor("search_monitor", monitorName: "search");
foreach (string name in (string[])["support", "search"])
{
    builder.Services.AddKeyedChatClient(name, services => new EchoClient()
        .AsBuilder()
        .UseGenerationMonitor(services.GetRequiredKeyedService<GenerationMonitor>(name))
        .Build());
}

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapGet("/ask/{name}", async (string name, string question, HttpContext http) =>
{
    IChatClient client = http.RequestServices.GetRequiredKeyedService<IChatClient>(name);
    return (await client.GetResponseAsync(question, cancellationToken: http.RequestAborted)).Text;
});
app.MapGet("/usage/{name}", (string name, HttpContext http) =>
    http.RequestServices.GetRequiredKeyedService<GenerationMonitor>(name)
        .GetTotalTokenUsage()
        .TotalTokens.ToString(CultureInfo.InvariantCulture));
app.Run();
