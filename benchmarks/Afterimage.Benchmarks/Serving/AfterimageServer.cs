using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;

namespace Afterimage.Benchmarks.Serving;

/// <summary><c>afterimage serve ROOT --otlp</c>, from the file that the variable names.</summary>
internal sealed class AfterimageServer : ServerProcess
{
    private const string Variable = "AFTERIMAGE_BENCHMARK_COMMAND";

    private AfterimageServer()
    {
    }

    public override string Name => "afterimage";

    public static async Task<AfterimageServer> StartAsync(TemporaryDirectory directory, string root, CancellationToken cancellationToken)
    {
        string command = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set.");
        string key = Guid.NewGuid().ToString("N");
        string keyFile = directory.File("key");
        await File.WriteAllTextAsync(keyFile, key, cancellationToken);
        var server = new AfterimageServer();
        try
        {
            server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            var start = new ProcessStartInfo(
                "dotnet",
                [
                    command,
                    "serve",
                    root,
                    "--key-file",
                    keyFile,
                    "--otlp",
                    "--port",
                    Port(server.Pages),
                    "--otlp-http-port",
                    Port(server.Http),
                    "--otlp-grpc-port",
                    Port(server.Grpc),
                ]);

            // What the runtime leaves there when it is killed goes with the directory.
            start.Environment["TMPDIR"] = directory.Path;
            await server.StartAsync(start, cancellationToken);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private static string Port(Uri address) => address.Port.ToString(CultureInfo.InvariantCulture);
}
