using System.Diagnostics;
using System.Globalization;

namespace Afterimage.Benchmarks.Serving;

/// <summary>A process of this program that makes the load: it says when it is ready, is told to start, and reports figures at its
/// end.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const string ReadyLine = "ready";

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>Starts the process, and waits until it is ready.</summary>
    public static async Task<ChildProcess> StartAsync(CancellationToken cancellationToken, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [typeof(ChildProcess).Assembly.Location, "serving", .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var child = new ChildProcess(Process.Start(start)!);
        try
        {
            string? line = await child._process.StandardOutput.ReadLineAsync(cancellationToken);
            return line == ReadyLine ? child : throw new InvalidOperationException($"'{args[0]}' did not get ready.");
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    public void Begin()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for the end of the process, and returns its figures.</summary>
    public async Task<double[]> EndAsync(CancellationToken cancellationToken)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken);
        await _process.WaitForExitAsync(cancellationToken);
        return line is not null && _process.ExitCode == 0
            ? [.. line.Split(' ').Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException("A process that makes the load failed.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>In the child: says that it is ready, and waits for the start.</summary>
    public static async Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine(ReadyLine);
        if (await Console.In.ReadLineAsync(cancellationToken) is null)
            throw new InvalidOperationException("The process that started this one has ended.");
    }

    /// <summary>In the child: reports its figures.</summary>
    public static void Report(params double[] figures) =>
        Console.WriteLine(string.Join(' ', figures.Select(figure => figure.ToString("R", CultureInfo.InvariantCulture))));
}
