using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Enumeration;
using System.Threading.Channels;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Summaries;
using Afterimage.Monitoring.Server.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>All runs below a root. Finds them, follows the live ones, and keeps what a list shows of the others.</summary>
internal sealed partial class DirectoryRuns(
    GenerationServerOptions options,
    TimeProvider timeProvider,
    QueryRunner runner,
    ILogger<DirectoryRuns> logger) : BackgroundService, IRunSource
{
    /// <summary>The number of ended runs that are completely held in memory, for pages that show them.</summary>
    private const int MaxOpen = 4;

    // Walking the root takes at most a twentieth of a core, however many runs there are.
    private const int WalkShare = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LeastWalkInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, DirectoryRun> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Written, LogRun? Run)> _runFiles = new(StringComparer.Ordinal);
    private readonly Channel<DirectoryRun> _unread =
        Channel.CreateUnbounded<DirectoryRun>(new UnboundedChannelOptions { SingleReader = true });

    private readonly HashSet<string> _queued = new(StringComparer.Ordinal);
    private readonly LinkedList<DirectoryRun> _open = [];
    private readonly Lock _openGate = new();
    private long _version = 1;

    public RunPlace Place => RunPlace.Directory;

    /// <inheritdoc/>
    public string Root { get; } = Path.GetFullPath(options.Root);

    /// <inheritdoc/>
    public long Version => Volatile.Read(ref _version);

    /// <inheritdoc/>
    public bool IsReady { get; private set; }

    public DateTimeOffset? AsOf => null;

    public string? Trouble => null;

    /// <inheritdoc/>
    public IEnumerable<RunEntry> Entries => _entries.Values;

    /// <inheritdoc/>
    public RunEntry? Find(string id) => _entries.GetValueOrDefault(id);

    /// <inheritdoc/>
    public Task OpenAsync(RunEntry entry, CancellationToken cancellationToken) => StateAsync((DirectoryRun)entry, cancellationToken);

    /// <inheritdoc/>
    public async Task<RunDocument> DescribeAsync(
        RunEntry entry,
        RunView view,
        DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var run = (DirectoryRun)entry;
        return RunDocuments.Of(run, await StateAsync(run, cancellationToken), view, now);
    }

    /// <inheritdoc/>
    public Task<QueryAnswer> FindCallsAsync(RunEntry entry, CallFilter filter, CancellationToken cancellationToken) =>
        QueryAsync(entry, CallsStatement.Of(filter), cancellationToken);

    /// <inheritdoc/>
    public Task<QueryAnswer> FindEvaluationsAsync(RunEntry entry, string generationId, CancellationToken cancellationToken) =>
        QueryAsync(entry, CallsStatement.EvaluationsOf(generationId), cancellationToken);

    /// <inheritdoc/>
    public Task<QueryAnswer> QueryAsync(RunEntry entry, string sql, CancellationToken cancellationToken) =>
        runner.RunAsync((DirectoryRun)entry, sql, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunComparison>> CompareAsync(IReadOnlyList<RunEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            LogDirectory[] directories = [.. entries.Cast<DirectoryRun>().Select(entry => LogDirectory.Open(entry.Directory))];
            List<RunComparison> comparisons = [];
            foreach (LogDirectory other in directories[1..])
                comparisons.Add(await directories[0].CompareAsync(other, cancellationToken: cancellationToken));
            return comparisons;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new QueryException(
                StatusCodes.Status409Conflict,
                "The files of a run cannot be read. They may have been removed.",
                e);
        }
    }

    private Task<FollowedRun> StateAsync(DirectoryRun entry, CancellationToken cancellationToken)
    {
        lock (_openGate)
        {
            _open.Remove(entry);
            _open.AddFirst(entry);
            for (LinkedListNode<DirectoryRun>? last = _open.Last; _open.Count > MaxOpen && last is not null;)
            {
                LinkedListNode<DirectoryRun>? before = last.Previous;
                _open.Remove(last);
                if (last.Value.Status != RunStatus.Live)
                    last.Value.Close();
                last = before;
            }
        }

        return entry.IsOpen
            ? Task.FromResult(entry.Open(timeProvider, NextVersion, cancellationToken))
            : Task.Run(() => entry.Open(timeProvider, NextVersion, cancellationToken), cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task reading = Task.Run(() => ReadQueuedAsync(stoppingToken), CancellationToken.None);
        long nextWalk = 0;
        try
        {
            using var timer = new PeriodicTimer(Interval, timeProvider);
            do
            {
                if (timeProvider.GetTimestamp() >= nextWalk)
                {
                    long began = Stopwatch.GetTimestamp();
                    Walk();
                    TimeSpan took = Stopwatch.GetElapsedTime(began) * WalkShare;
                    TimeSpan pause = took > LeastWalkInterval ? took : LeastWalkInterval;
                    nextWalk = timeProvider.GetTimestamp() + (long)(pause.TotalSeconds * timeProvider.TimestampFrequency);
                }

                // A run that has not been read yet may be large. It is read when it is its turn in the queue, so that it does not delay the
                // others.
                foreach (DirectoryRun entry in _entries.Values.Where(e => e.Status == RunStatus.Live && e.IsOpen && e.Digest is not null))
                    entry.Read(timeProvider, NextVersion, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }

        _unread.Writer.TryComplete();
        await reading;
    }

    private long NextVersion() => Interlocked.Increment(ref _version);

    private async Task ReadQueuedAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (DirectoryRun entry in _unread.Reader.ReadAllAsync(stoppingToken))
            {
                lock (_queued)
                    _queued.Remove(entry.Id);
                entry.Read(timeProvider, NextVersion, stoppingToken);
                if (entry.Status != RunStatus.Live && !IsWanted(entry))
                    entry.Close();
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private bool IsWanted(DirectoryRun entry)
    {
        lock (_openGate)
            return _open.Contains(entry);
    }

    private void Walk()
    {
        try
        {
            var found = new Dictionary<string, List<FoundFile>>(StringComparer.Ordinal);
            if (Directory.Exists(Root))
            {
                foreach (FoundFile file in Files())
                {
                    if (!found.TryGetValue(file.Directory, out List<FoundFile>? files))
                        found.Add(file.Directory, files = []);
                    files.Add(file);
                }
            }

            TakeIn(found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(Root, e.Message);
        }

        if (!IsReady)
        {
            IsReady = true;
            NextVersion();
        }
    }

    private void TakeIn(Dictionary<string, List<FoundFile>> found)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        List<DirectoryRun> unread = [];
        foreach ((string directory, List<FoundFile> files) in found)
        {
            LogRun[] runs = [.. files.Where(f => f.IsRunFile).Select(ReadRun).OfType<LogRun>().OrderBy(run => run.Start)];
            if (runs.Length == 0 && !files.Any(f => f.IsRecordFile))
                continue;

            string name = Path.GetRelativePath(Root, directory);
            string id = RunEntry.IdOf(name);
            ids.Add(id);
            DirectoryRun entry = _entries.GetOrAdd(id, _ => new DirectoryRun(id, name == "." ? Path.GetFileName(Root) : name, directory));
            RunStatus before = entry.Status;
            bool wasKnown = entry.Version != 0;
            long stamp = 17;
            foreach (FoundFile file in files)
                stamp = unchecked((stamp * 31) ^ file.Written ^ (file.Length << 20));
            if (entry.Found(runs, stamp, Version + 1))
                NextVersion();
            bool hasEnded = wasKnown && before == RunStatus.Live && entry.Status != RunStatus.Live;
            if (hasEnded || (entry.IsOutdated && (entry.Status != RunStatus.Live || !entry.IsOpen)))
                unread.Add(entry);
        }

        foreach (DirectoryRun entry in _entries.Values.Where(entry => !ids.Contains(entry.Id)))
        {
            _entries.TryRemove(entry.Id, out _);
            NextVersion();
        }

        foreach (DirectoryRun entry in unread.OrderBy(e => e.Status).ThenByDescending(e => e.Start))
        {
            lock (_queued)
            {
                if (!_queued.Add(entry.Id))
                    continue;
            }

            _unread.Writer.TryWrite(entry);
        }
    }

    // A run that has ended does not change. Whether a run without an end is alive is only known from its lock.
    private LogRun? ReadRun(FoundFile file)
    {
        string path = Path.Combine(file.Directory, file.Name);
        if (_runFiles.TryGetValue(path, out (long Written, LogRun? Run) known)
            && known.Written == file.Written
            && known.Run?.End is not null)
            return known.Run;

        try
        {
            LogRun? run = LogRun.Read(path);
            _runFiles[path] = (file.Written, run);
            return run;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return known.Run;
        }
    }

    private FileSystemEnumerable<FoundFile> Files()
    {
        var how = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = true,
            MaxRecursionDepth = 16,
        };
        return new FileSystemEnumerable<FoundFile>(
            Root,
            (ref FileSystemEntry e) =>
                new FoundFile(e.Directory.ToString(), e.FileName.ToString(), e.LastWriteTimeUtc.UtcTicks, e.Length),
            how)
        {
            ShouldIncludePredicate = (ref FileSystemEntry e) => !e.IsDirectory && IsOfRun(e.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry e) =>
                !e.FileName.SequenceEqual(".locks") && !e.FileName.StartsWith(LogTree.ImportPrefix, StringComparison.Ordinal),
        };
    }

    private static bool IsOfRun(ReadOnlySpan<char> name) =>
        FileSystemName.MatchesSimpleExpression("metrics*.jsonl", name, ignoreCase: false)
        || FileSystemName.MatchesSimpleExpression("run*.json", name, ignoreCase: false)
        || FileSystemName.MatchesSimpleExpression("alerts*.jsonl", name, ignoreCase: false)
        || FileSystemName.MatchesSimpleExpression(CompactedName.Pattern, name, ignoreCase: false);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runs below '{Root}' cannot be listed: {Reason}")]
    private partial void LogUnreadable(string root, string reason);

    private sealed record FoundFile(string Directory, string Name, long Written, long Length)
    {
        public bool IsRecordFile => Name.StartsWith("metrics", StringComparison.Ordinal);

        public bool IsRunFile => Name.StartsWith("run", StringComparison.Ordinal);
    }
}
