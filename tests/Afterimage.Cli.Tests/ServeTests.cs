using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Afterimage.Cli.Tests;

public sealed class ServeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_link_that_it_prints_lets_in_and_a_signal_ends_it()
    {
        using Process process = CommandLine.Start(_directory.Path, ["serve", "runs", "--port", "0"]);
        try
        {
            string said = (await process.StandardOutput.ReadLineAsync(Cancel))!;
            string link = (await process.StandardOutput.ReadLineAsync(Cancel))!.Trim();
            Assert.Equal($"The runs below {Path.Combine(_directory.Path, "runs")}:", said);

            // Follows the link to the page, with the cookie.
            using var client = new HttpClient();
            string page = await client.GetStringAsync(link, Cancel);
            Assert.Contains("<title>Runs", page, StringComparison.Ordinal);
            await using Stream open = await client.GetStreamAsync(new Uri(new Uri(link), "api/v1/events"), Cancel);

            using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            CommandResult result = await CommandLine.FinishAsync(process);
            Assert.Equal(0, result.ExitCode);
            Assert.Equal("", result.Error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task What_a_sender_sends_over_otlp_is_a_run_below_the_root()
    {
        const string Span = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"sender"}}]},"scopeSpans":[{"spans":[
            {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"chat m",
            "startTimeUnixNano":"1764000000000000000","endTimeUnixNano":"1764000001000000000","attributes":[
            {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"m"}},
            {"key":"gen_ai.usage.input_tokens","value":{"intValue":"3"}},
            {"key":"gen_ai.usage.output_tokens","value":{"intValue":"4"}}]}]}]}]}
            """;
        _directory.Write("prices.json", """{"models":[{"name":"m","input":1000000,"output":500000}]}""");
        using Process process = CommandLine.Start(
            _directory.Path,
            [
                "serve", "runs", "--port", "0", "--otlp", "--otlp-http-port", "0", "--otlp-grpc-port", "0",
                "--pricing", "prices.json",
            ]);
        try
        {
            await process.StandardOutput.ReadLineAsync(Cancel);
            Uri pages = new((await process.StandardOutput.ReadLineAsync(Cancel))!.Trim());
            string otlp = (await process.StandardOutput.ReadLineAsync(Cancel))!.Split(' ')[1];
            using var client = new HttpClient();

            HttpResponseMessage taken = await client.PostAsync(new Uri(otlp + "/v1/traces"), Json(), Cancel);
            HttpResponseMessage atPages = await client.PostAsync(new Uri(pages, "/v1/traces"), Json(), Cancel);
            HttpResponseMessage page = await client.GetAsync(new Uri(otlp), Cancel);

            Assert.Equal(
                (HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.NotFound),
                (taken.StatusCode, atPages.StatusCode, page.StatusCode));
            using Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            CommandResult result = await CommandLine.FinishAsync(process);
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }

        Monitoring.RunSummary summary = Monitoring.LogDirectory.Open(Path.Combine(_directory.Path, "runs")).Summarize(Cancel);
        Assert.Equal((1, 7, 5m), (summary.Generations, summary.Tokens.TotalTokens, summary.Cost?.TotalUsd));

        static StringContent Json() => new(Span, System.Text.Encoding.UTF8, "application/json");
    }

    /// <summary>Takes a minute: rules are evaluated once in one.</summary>
    [Fact]
    public async Task A_rule_that_was_given_fires_for_what_a_sender_sends()
    {
        _directory.Write(
            "rules.json",
            """{"rules":[{"name":"any call","metric":"generation_time","aggregate":"count","threshold":0,"level":"error"}]}""");
        using Process process = CommandLine.Start(
            _directory.Path,
            ["serve", "runs", "--port", "0", "--otlp", "--otlp-http-port", "0", "--otlp-grpc-port", "0", "--rules", "rules.json"]);
        try
        {
            await process.StandardOutput.ReadLineAsync(Cancel);
            Uri pages = new((await process.StandardOutput.ReadLineAsync(Cancel))!.Trim());
            string otlp = (await process.StandardOutput.ReadLineAsync(Cancel))!.Split(' ')[1];
            using var client = new HttpClient();
            await client.GetStringAsync(pages, Cancel);
            using var events = new StreamReader(await client.GetStreamAsync(new Uri(pages, "api/v1/events"), Cancel));
            long end = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            using var body = new StringContent(
                $$$"""
                {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",
                "startTimeUnixNano":"{{{end - 1}}}000000","endTimeUnixNano":"{{{end}}}000000",
                "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]}
                """,
                System.Text.Encoding.UTF8,
                "application/json");
            (await client.PostAsync(new Uri(otlp + "/v1/traces"), body, Cancel)).EnsureSuccessStatusCode();

            var firing = new Uri(pages, "api/v1/alerts?state=firing");
            string alerts = await client.GetStringAsync(firing, Cancel);
            while (!alerts.Contains("any call", StringComparison.Ordinal))
            {
                await events.ReadLineAsync(Cancel);
                alerts = await client.GetStringAsync(firing, Cancel);
            }

            Assert.Contains("\"level\":\"error\"", alerts, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancel);
        }
    }

    [Fact]
    public async Task A_port_in_use_is_said_in_one_sentence()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "serve", "--port", $"{port}");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"afterimage: Port {port} is in use. Choose another port with --port, or 0 for any free port.\n", result.Error);
    }

    [Theory]
    [InlineData("To listen beyond this machine, the server requires --key-file", "--listen", "0.0.0.0")]
    [InlineData("--listen must be an IP address such as 0.0.0.0, not 'here'", "--listen", "here")]
    [InlineData("--port must be a whole number from 0 to 65535, not '65536'", "--port", "65536")]
    [InlineData("The key in 'key' must have at least 16 characters", "--key-file", "key")]
    [InlineData("The key in 'foreign' must contain only printable ASCII", "--key-file", "foreign")]
    [InlineData("The key in 'foreign' must contain only printable ASCII", "--otlp", "--otlp-key-file", "foreign")]
    [InlineData("'none' cannot be read", "--key-file", "none")]
    [InlineData("'key' must be a directory, not a file", "key")]
    [InlineData("The pages show a directory or a cluster: ROOT and --fleet must not be given", "runs", "--fleet", "http://127.0.0.1:1")]
    [InlineData("To receive OTLP, the server requires a directory: --otlp and --fleet", "--otlp", "--fleet", "http://127.0.0.1:1")]
    [InlineData("--otlp-key-file is for senders of OTLP, and requires --otlp", "--otlp-key-file", "key")]
    [InlineData("--pricing and --rules apply to senders of OTLP, and require --otlp", "--rules", "key")]
    [InlineData("'none' cannot be read", "--otlp", "--pricing", "none")]
    [InlineData("--fleet must be a URL such as http://node1:8123, not 'node1'", "--fleet", "node1")]
    public async Task What_it_cannot_use_is_said(string message, params string[] arguments)
    {
        _directory.Write("key", "short", "of which the second line is longer");
        _directory.Write("foreign", "schlüssel-und-schloss");

        CommandResult result = await CommandLine.RunAsync(_directory.Path, ["serve", .. arguments]);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"afterimage: {message}", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }
}
