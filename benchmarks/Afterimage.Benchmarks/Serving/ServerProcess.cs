using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Afterimage.Benchmarks.Serving;

/// <summary>A server in a process of its own. It is killed, by its id, when this is disposed.</summary>
internal abstract class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(5);

    private readonly StringBuilder _output = new();
    private Process? _process;

    /// <summary>The name in facts.</summary>
    public abstract string Name { get; }

    /// <summary>What asks the server, with the key if it wants one.</summary>
    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 256 });

    public Uri Grpc { get; } = new($"http://127.0.0.1:{FreePort()}");

    public Uri Http { get; } = new($"http://127.0.0.1:{FreePort()}");

    public Uri Pages { get; } = new($"http://127.0.0.1:{FreePort()}");

    /// <summary>From the start of the process to its first page.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Processor time of the process so far.</summary>
    public TimeSpan ProcessorTime => Refreshed.TotalProcessorTime;

    /// <summary>The most memory of the process that was resident, in MiB.</summary>
    public double PeakMiB => Math.Round(Refreshed.PeakWorkingSet64 / 1024.0 / 1024.0, 1);

    private Process Refreshed
    {
        get
        {
            _process!.Refresh();
            return _process;
        }
    }

    /// <summary>Starts the server, and waits for its first page.</summary>
    protected async Task StartAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        Client.BaseAddress = Pages;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        long began = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!await HasPageAsync(cancellationToken))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
                throw new InvalidOperationException($"{Name} did not start:\n{Output()}");
            await Task.Delay(AskAgain, cancellationToken);
        }

        StartTime = Stopwatch.GetElapsedTime(began);
    }

    public void Dispose()
    {
        Client.Dispose();
        if (_process is null)
            return;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    private async Task<bool> HasPageAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await Client.GetAsync("", cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }

    private string Output()
    {
        lock (_output)
            return _output.ToString();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
