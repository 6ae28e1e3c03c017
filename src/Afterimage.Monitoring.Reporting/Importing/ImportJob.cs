using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Reporting.Importing;

/// <summary>Runs an import from beginning to end: a run is recorded next to its place, and takes the place when it is complete.</summary>
internal sealed class ImportJob : IDisposable
{
    private const int ReportEvery = 4096;

    private readonly string _source;
    private readonly string _target;
    private readonly string _staging;
    private readonly FileStream _claim;
    private readonly CancellationToken _cancellationToken;

    private ImportJob(string source, string target, CancellationToken cancellationToken)
    {
        _source = source;
        _target = target;
        _cancellationToken = cancellationToken;
        ThrowIfTaken();

        // Next to the target, because a rename cannot cross file systems. It is named after the target, so that the next attempt finds what
        // a killed import left behind.
        string parent = Path.GetDirectoryName(target) ?? throw new IOException("The target is the root of a file system.");
        _staging = Path.Combine(parent, LogTree.ImportPrefix + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(target)))[..16]);
        Directory.CreateDirectory(_staging);
        _claim = Claim();
    }

    private string StagedRun => Path.Combine(_staging, "run");

    public static ImportResult Run(
        string source,
        string target,
        TimeZoneInfo zone,
        IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        if (Directory.Exists(source))
            throw new IOException($"'{source}' must be a file, not a directory.");

        // Check that the place can be written to and the file can be read before the long work.
        using var input = new FileStream(
            source,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            1 << 16,
            FileOptions.SequentialScan);
        try
        {
            using var job = new ImportJob(source, target, cancellationToken);
            return job.Import(input, zone, progress);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{source}' could not be imported into '{target}': {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        _claim.Dispose();
        Directory.Delete(_staging, recursive: true);
    }

    private FileStream Claim()
    {
        FileStream claim;
        try
        {
            claim = new FileStream(Path.Combine(_staging, "claim"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException("Another import into the target is in progress.", exception);
        }

        if (Directory.Exists(StagedRun))
            Directory.Delete(StagedRun, recursive: true);
        return claim;
    }

    private void ThrowIfTaken()
    {
        if (File.Exists(_target))
            throw new IOException("The target is a file.");
        if (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any())
            throw new IOException("The target must be empty, because an import creates a run of its own.");
    }

    private ImportResult Import(FileStream input, TimeZoneInfo zone, IProgress<double>? progress)
    {
        var times = new LocalTimes(zone);
        long points = 0;
        long lines = 0;
        long skipped = 0;
        string? firstSkipped = null;
        using (GenerationMonitor monitor = Monitor())
        {
            using var reader = new StreamReader(input, Encoding.UTF8);
            while (reader.ReadLine() is { } line)
            {
                if (lines++ % ReportEvery == 0)
                {
                    _cancellationToken.ThrowIfCancellationRequested();
                    ThrowIfLost(monitor);
                    progress?.Report(input.Length == 0 ? 0 : Math.Min(1, (double)input.Position / input.Length) * 0.99);
                }

                if (string.IsNullOrWhiteSpace(line))
                    continue;

                if (PythonPoint.TryParse(line, out PythonPoint? point, out string? fault) && times.Next(point) is { } time)
                {
                    monitor.RecordMetric(point.Metric, point.Value, point.Metadata.Count == 0 ? null : point.Metadata, time);
                    points++;
                    continue;
                }

                skipped++;
                firstSkipped ??= string.Create(
                    CultureInfo.InvariantCulture,
                    $"line {lines}: {fault ?? "the timestamp is outside the calendar"}");
            }

            if (points == 0 && skipped > 0)
                throw new IOException($"No line is a metric point (first: {firstSkipped}).");

            monitor.LogInfo("imported", new Dictionary<string, object?>
            {
                ["source"] = _source,
                ["time_zone"] = zone.Id,
                ["points"] = points,
                ["skipped_lines"] = skipped,
                ["ambiguous_times"] = times.Ambiguous,
                ["invalid_times"] = times.Invalid,
            });
            monitor.FlushAsync(_cancellationToken).AsTask().GetAwaiter().GetResult();
            ThrowIfLost(monitor);
        }

        _cancellationToken.ThrowIfCancellationRequested();
        ThrowIfTaken();
        if (Directory.Exists(_target))
            Directory.Delete(_target);
        Directory.Move(StagedRun, _target);
        progress?.Report(1);
        return new ImportResult
        {
            LogDirectory = LogDirectory.Open(_target),
            TimeZone = zone,
            Points = points,
            SkippedLines = skipped,
            FirstSkipped = firstSkipped,
            AmbiguousTimes = times.Ambiguous,
            InvalidTimes = times.Invalid,
        };
    }

    private GenerationMonitor Monitor() => new(new GenerationMonitorOptions
    {
        LogDirectory = StagedRun,

        // Old points raise no alerts, and nobody asks this monitor for a metric.
        MetricsInterval = TimeSpan.Zero,
        MaxRetainedPoints = 16_384,
        CardinalityLimit = 1,

        // The rename that makes the directory a run must not survive without the content.
        Durability = Durability.Synced,
        HandlerTimeLimit = TimeSpan.FromSeconds(10),
    });

    private static void ThrowIfLost(GenerationMonitor monitor)
    {
        MonitorStatistics statistics = monitor.GetStatistics();
        if (statistics.Failed > 0 || statistics.Handlers.Any(handler => handler.IsStalled))
            throw new IOException(
                statistics.Handlers.Select(handler => handler.LastError).FirstOrDefault(error => error is not null)
                    ?? "The records could not be written to the disk.");
    }
}
