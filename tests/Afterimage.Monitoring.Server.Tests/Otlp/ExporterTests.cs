using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>What .NET's own exporter sends.</summary>
public sealed class ExporterTests : IDisposable
{
    private const int Calls = 1_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task Each_call_that_the_exporter_sends_is_a_record(OtlpExportProtocol protocol)
    {
        await using OtlpServer server = await OtlpServer.StartAsync(_directory.Path, options => options.Key = "key");
        using var source = new ActivitySource($"test-{Guid.NewGuid()}");
        using (TracerProvider provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .ConfigureResource(resource => resource.Clear().AddService("exporter", serviceInstanceId: "1"))
            .AddOtlpExporter(options =>
            {
                options.Protocol = protocol;
                options.Endpoint = protocol == OtlpExportProtocol.Grpc ? server.GrpcEndpoint : new Uri(server.HttpEndpoint, "/v1/traces");
                options.Headers = "x-otlp-api-key=key";
                options.TimeoutMilliseconds = 60_000;
            })
            .Build()!)
        {
            using (Activity agent = source.StartActivity("agent")!)
            {
                agent.SetTag("gen_ai.operation.name", "invoke_agent").SetTag("gen_ai.agent.name", "helper");
                for (int i = 0; i < Calls; i++)
                {
                    using Activity call = source.StartActivity("chat", ActivityKind.Client)!;
                    call.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.response.model", "gpt-4o");
                    call.SetTag("gen_ai.usage.input_tokens", i).SetTag("gen_ai.response.id", $"call-{i}");
                    if (i % 10 == 0)
                        call.SetStatus(ActivityStatusCode.Error, "refused");
                }
            }

            Assert.True(provider.ForceFlush());
        }

        await server.StopAsync();
        Assert.Equal(Calls, server.Records().Count);
        Assert.Equal(Calls * (Calls - 1) / 2, server.Records().Sum(record => record.Count("prompt_token_count")));
        Assert.Equal(Calls / 10, server.Records().Count(record => record.Text("error") == "refused"));
        Assert.Equal(Calls, server.Records().Select(record => record.Text("span_id")).Distinct().Count());
    }
}
