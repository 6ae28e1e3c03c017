using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Aspire's dashboard alone, without its application host and without keys, from the file that the variable names.</summary>
/// <remarks>It keeps its telemetry in a database in its temporary directory, and deletes it at its end.</remarks>
internal sealed class AspireServer : ServerProcess
{
    private const string Variable = "AFTERIMAGE_BENCHMARK_ASPIRE";

    private AspireServer()
    {
    }

    public override string Name => "aspire";

    public static async Task<AspireServer> StartAsync(TemporaryDirectory directory, CancellationToken cancellationToken)
    {
        string program = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set.");
        var server = new AspireServer();
        try
        {
            var start = new ProcessStartInfo(program) { WorkingDirectory = directory.Path };
            start.Environment["ASPNETCORE_URLS"] = server.Pages.AbsoluteUri;
            start.Environment["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = server.Grpc.AbsoluteUri;
            start.Environment["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = server.Http.AbsoluteUri;
            start.Environment["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true";
            start.Environment["DOTNET_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true";
            start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";

            // What it writes goes with the directory, its keys for cookies too.
            start.Environment["TMPDIR"] = directory.Path;
            start.Environment["HOME"] = directory.Path;
            await server.StartAsync(start, cancellationToken);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>How many traces its API says that it has.</summary>
    public async Task<int> CountTracesAsync(CancellationToken cancellationToken)
    {
        using JsonDocument answer = JsonDocument.Parse(await Client.GetByteArrayAsync("api/telemetry/traces?limit=1", cancellationToken));
        return answer.RootElement.GetProperty("totalCount").GetInt32();
    }
}
