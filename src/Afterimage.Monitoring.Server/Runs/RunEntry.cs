using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A directory below the root that contains a run.</summary>
internal sealed class RunEntry(string id, string name, string directory)
{
    private readonly Lock _gate = new();
    private long _readStamp;
    private RunTail? _tail;

    /// <summary>The ID that requests use. It reveals nothing about the path, so that no request names a file.</summary>
    public string Id => id;

    /// <summary>The path relative to the root.</summary>
    public string Name => name;

    public string Directory => directory;

    public IReadOnlyList<LogRun> Runs { get; private set; } = [];

    public RunStatus Status { get; private set; } = RunStatus.Ended;

    public RunDigest? Digest { get; private set; }

    /// <summary>The reason why the run could not be read, if any.</summary>
    public string? Trouble { get; private set; }

    /// <summary>A number that increases with every change of what is shown.</summary>
    public long Version { get; private set; }

    /// <summary>Whether the files have changed since they were last read.</summary>
    public bool IsOutdated => (Digest is null && Trouble is null) || _readStamp != Stamp;

    public bool IsOpen => _tail is not null;

    public DateTimeOffset? Start => Runs.Count > 0 ? Runs.Min(run => run.Start) : Digest?.FirstTimestamp;

    public DateTimeOffset? End => Status == RunStatus.Live ? null
        : Runs.Count > 0 && Runs.All(run => run.End is not null) ? Runs.Max(run => run.End)
        : Digest?.LastTimestamp;

    public string Host => Runs.Count > 0 ? Runs[0].Host : "";

    public string Process => Runs.Count > 0 ? Runs[0].Process : "";

    // Changes whenever a file in the directory does.
    private long Stamp { get; set; }

    /// <summary>Updates the entry with the result of a walk over the root.</summary>
    /// <returns><see langword="true"/> if anything has changed; otherwise, <see langword="false"/>.</returns>
    public bool Found(IReadOnlyList<LogRun> runs, long stamp, long version)
    {
        RunStatus status = runs.Any(run => run.IsAlive) ? RunStatus.Live
            : runs.Any(run => run.End is null) ? RunStatus.Killed
            : RunStatus.Ended;
        bool isOther = Version == 0 || status != Status || runs.Count != Runs.Count || stamp != Stamp;
        (Runs, Status, Stamp) = (runs, status, stamp);
        if (isOther)
            Version = version;
        return isOther;
    }

    /// <summary>Reads new data.</summary>
    /// <returns><see langword="true"/> if there was any; otherwise, <see langword="false"/>.</returns>
    public bool Read(TimeProvider timeProvider, Func<long> nextVersion, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            long stamp = Stamp;
            RunTail tail = _tail ??= new RunTail(directory, timeProvider);
            bool isNew = true;
            try
            {
                isNew = tail.Advance(Status == RunStatus.Live, cancellationToken);
                Trouble = null;
            }
            catch (DirectoryNotFoundException)
            {
                // The next walk will notice that it is gone.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Trouble = e.FirstLine();
            }

            _readStamp = stamp;
            if (!isNew && Digest is not null)
                return false;

            Digest = RunDigest.Of(tail.State, directory, Runs);
            Version = nextVersion();
            return true;
        }
    }

    /// <summary>Returns the state of the run in memory, reading it if necessary.</summary>
    public FollowedRun Open(TimeProvider timeProvider, Func<long> nextVersion, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_tail is null)
                Read(timeProvider, nextVersion, cancellationToken);
            return _tail!.State;
        }
    }

    /// <summary>Releases the state of the run in memory. The digest stays.</summary>
    public void Close()
    {
        lock (_gate)
            _tail = null;
    }
}
