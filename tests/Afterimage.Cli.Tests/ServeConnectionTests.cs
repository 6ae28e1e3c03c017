using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Afterimage.Cli.Tests;

/// <summary>Clients of <c>serve</c> that connect and then say little or nothing.</summary>
public sealed class ServeConnectionTests : IDisposable
{
    private const int MaxConnections = 1000;

    // Other tests of this process need descriptors too.
    private static readonly int Connections = Math.Min(10_000, Descriptors() / 2);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Idle_connections_beyond_a_limit_are_closed_and_others_are_served()
    {
        using Process process = CommandLine.Start(_directory.Path, ["serve", "runs", "--port", "0"]);
        List<Socket> idle = [];
        try
        {
            (Uri pages, _) = await AddressesAsync(process, hasOtlp: false);
            using var known = new HttpClient();
            await known.GetStringAsync(new Uri(pages, "/healthz"), Cancel);
            for (int i = 0; i < Connections; i++)
                idle.Add(await ConnectAsync(pages));

            int closed = 0;
            await foreach (Task<string> end in Task.WhenEach(idle.Select(EndAsync)).WithCancellation(Cancel))
            {
                Assert.Equal("", await end);
                if (++closed == Connections - MaxConnections)
                    break;
            }

            await known.GetStringAsync(new Uri(pages, "/healthz"), Cancel);
            foreach (Socket socket in idle)
                socket.Dispose();
            await AnsweredAsync(pages);
        }
        finally
        {
            foreach (Socket socket in idle)
                socket.Dispose();
            process.Kill();
            await CommandLine.FinishAsync(process);
        }
    }

    [Fact]
    public async Task Senders_that_stop_in_a_request_are_closed()
    {
        using Process process = CommandLine.Start(
            _directory.Path,
            ["serve", "runs", "--port", "0", "--otlp", "--otlp-http-port", "0", "--otlp-grpc-port", "0"]);
        try
        {
            (Uri pages, Uri otlp) = await AddressesAsync(process, hasOtlp: true);
            using Socket header = await ConnectAsync(pages);
            using Socket body = await ConnectAsync(otlp);
            await header.SendAsync(Encoding.ASCII.GetBytes($"GET /healthz HTTP/1.1\r\nHost: {pages.Authority}\r\nX-Slow: "), Cancel);
            await body.SendAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /v1/traces HTTP/1.1\r\nHost: {otlp.Authority}\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 100000\r\n\r\n{"),
                Cancel);

            string[] ends = await Task.WhenAll(EndAsync(header), EndAsync(body));

            Assert.All(ends, end => Assert.DoesNotContain(" 200 ", end, StringComparison.Ordinal));
            await AnsweredAsync(pages);
        }
        finally
        {
            process.Kill();
            await CommandLine.FinishAsync(process);
        }
    }

    private static int Descriptors()
    {
        const string Name = "Max open files";
        string? line = File.Exists("/proc/self/limits")
            ? File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))
            : null;
        return line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var most, ..]
            && int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
            ? limit
            : 4000;
    }

    private static async Task<(Uri Pages, Uri Otlp)> AddressesAsync(Process process, bool hasOtlp)
    {
        await process.StandardOutput.ReadLineAsync(Cancel);
        Uri pages = new((await process.StandardOutput.ReadLineAsync(Cancel))!.Trim());
        return (pages, hasOtlp ? new Uri((await process.StandardOutput.ReadLineAsync(Cancel))!.Split(' ')[1]) : pages);
    }

    private static async Task<Socket> ConnectAsync(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, Cancel);
        return socket;
    }

    /// <summary>Returns what the server says before it closes the connection.</summary>
    private static async Task<string> EndAsync(Socket socket)
    {
        var said = new StringBuilder();
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancel) is > 0 and var length)
                said.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }
        catch (SocketException)
        {
            // The connection was reset.
        }

        return said.ToString();
    }

    private static async Task AnsweredAsync(Uri pages)
    {
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                await client.GetStringAsync(new Uri(pages, "/healthz"), Cancel);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }
}
