using System.ClientModel;
using Afterimage.Monitoring;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenTelemetry;
using OpenTelemetry.Metrics;

var builder = WebApplication.CreateBuilder(args);

// The monitor: made and validated at the start from appsettings.json, drained at the end.
builder.Services.AddGenerationMonitor(builder.Configuration.GetSection("Monitoring"));
builder.Services.AddHealthChecks().AddGenerationMonitor();
builder.Logging.AddGenerationMonitor();

// Its telemetry: for Prometheus to fetch, and to an OpenTelemetry collector where one is named.
var telemetry = builder.Services.AddOpenTelemetry()
    .WithMetrics(metrics => metrics.AddMeter("Afterimage.Monitoring").AddPrometheusExporter())
    // The spans of requests, and below them those of generations.
    .WithTracing(traces => traces.AddSource("Microsoft.AspNetCore", "Afterimage.Monitoring"));
if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
    telemetry.UseOtlpExporter();

// The model, with the monitor in its pipeline. Configuration reads the environment, too.
var options = new OpenAIClientOptions { Endpoint = new(builder.Configuration["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1") };
var model = new ChatClient("gpt-4o-mini", new ApiKeyCredential(builder.Configuration["OPENAI_API_KEY"] ?? "none"), options);
builder.Services.AddChatClient(model.AsIChatClient()).UseGenerationMonitor();

var app = builder.Build();
app.MapGet("/ask", async (string question, IChatClient chat, CancellationToken cancellationToken) =>
    (await chat.GetResponseAsync(question, cancellationToken: cancellationToken)).Text);
app.MapGet("/usage", (GenerationMonitor monitor) => monitor.GetTotalTokenUsage());
app.MapHealthChecks("/health");
app.MapPrometheusScrapingEndpoint();
app.Run();
