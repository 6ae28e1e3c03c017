using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Afterimage.Tests;

/// <summary>A server program on a port of 127.0.0.1, which is killed at the latest when this is disposed.</summary>
public sealed class ServerProcess : IDisposable
{
    private const int Attempts = 10;

    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ServerProcess(Process process, int port)
    {
        _process = process;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a server, and ends when it listens. It is told a port that was free just before; where another program is quicker to
    /// take that, it is told another.</summary>
    /// <param name="program">Where it is.</param>
    /// <param name="arguments">Its arguments, by the port.</param>
    /// <param name="readyText">What it says on its standard error when it listens. To ask at its port whether it is ready could get an
    /// answer of another server.</param>
    /// <param name="firstPort">The first port that it is told. Default: a free one.</param>
    public static async Task<ServerProcess> StartAsync(
        string program,
        Func<int, IEnumerable<string>> arguments,
        string readyText,
        int? firstPort = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            int port = attempt == 1 && firstPort is { } first ? first : FreePort();
            var server = new ServerProcess(
                Process.Start(new ProcessStartInfo(program, arguments(port)) { RedirectStandardError = true })!,
                port);
            List<string> said = [];
            try
            {
                if (await server.ReadToAsync(readyText, said).WaitAsync(Generous, TestContext.Current.CancellationToken))
                    return server;
            }
            catch
            {
                server.Dispose();
                throw;
            }

            server.Dispose();
            bool isPortTaken = said.Any(line => line.Contains("address already in use", StringComparison.Ordinal));
            Assert.True(isPortTaken && attempt < Attempts, $"{program} has ended:\n{string.Join('\n', said)}");
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <returns>Whether it said the text before it ended.</returns>
    private async Task<bool> ReadToAsync(string text, List<string> said)
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                // It must not wait for somebody to read on.
                _ = _process.StandardError.BaseStream.CopyToAsync(Stream.Null);
                return true;
            }
        }

        return false;
    }
}
