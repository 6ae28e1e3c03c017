using Afterimage.Monitoring.Reporting.Summaries;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>A directory below the root that contains a run.</summary>
/// <param name="id">The ID of the run.</param>
/// <param name="name">The path relative to the root.</param>
/// <param name="directory">The full path.</param>
internal sealed class DirectoryRun(string id, string name, string directory) : RunEntry(id)
{
    private readonly Lock _gate = new();
    private long _readStamp;
    private RunTail? _tail;

    public override string Name => name;

    public string Directory => directory;

    public IReadOnlyList<LogRun> Runs { get; private set; } = [];

    /// <summary>Whether the files have changed since they were last read.</summary>
    public bool IsOutdated => (Digest is null && Trouble is null) || _readStamp != Stamp;

    public bool IsOpen => _tail is not null;

    public override DateTimeOffset? Start => Runs.Count > 0 ? Runs.Min(run => run.FirstStart) : Digest?.FirstTimestamp;

    public override DateTimeOffset? End
    {
        get
        {
            if (Status == RunStatus.Live)
                return null;
            if (Runs.Count > 0 && Runs.All(run => run.End is not null))
                return Runs.Max(run => run.End);

            // A run that was killed may have recorded only calls that were over before its start.
            return Digest?.LastTimestamp < Start ? null : Digest?.LastTimestamp;
        }
    }

    public override string Host => Runs.Count > 0 ? Runs[0].Host : "";

    public override string Process => Runs.Count > 0 ? Runs[0].Process : "";

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

            Digest = RunDigests.Of(tail.State, directory, Runs);
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
