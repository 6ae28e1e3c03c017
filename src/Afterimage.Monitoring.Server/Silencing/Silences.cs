using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Silencing;

/// <summary>The alerts that viewers have silenced, each until a time. They are kept in memory: the server writes nothing. All members are
/// thread-safe.</summary>
/// <param name="timeProvider">The clock.</param>
internal sealed class Silences(TimeProvider timeProvider)
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private const int Most = 1000;

    private readonly Dictionary<(string Alert, string? RunId), DateTimeOffset> _all = [];
    private readonly Lock _gate = new();
    private long _version;

    /// <summary>A number that increases when a silence begins or ends.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                RemoveEnded();
                return _version;
            }
        }
    }

    /// <summary>The silences that have not ended, those that end first before the others.</summary>
    public IReadOnlyList<Silence> All
    {
        get
        {
            lock (_gate)
            {
                RemoveEnded();
                return [.. _all.Select(one => new Silence(one.Key.Alert, one.Key.RunId, one.Value)).OrderBy(silence => silence.Until)];
            }
        }
    }

    /// <summary>Silences an alert of a run, or of all runs, from now on; or ends that.</summary>
    /// <param name="alert">The name of the alert.</param>
    /// <param name="runId">The ID of the run; null for all runs.</param>
    /// <param name="duration">How long. Zero ends the silence.</param>
    /// <returns><see langword="false"/> if there are too many silences; otherwise, <see langword="true"/>.</returns>
    public bool TrySet(string alert, string? runId, TimeSpan duration)
    {
        lock (_gate)
        {
            RemoveEnded();
            if (duration <= TimeSpan.Zero)
            {
                if (_all.Remove((alert, runId)))
                    _version++;
                return true;
            }

            if (_all.Count == Most && !_all.ContainsKey((alert, runId)))
                return false;
            _all[(alert, runId)] = timeProvider.GetUtcNow() + duration;
            _version++;
            return true;
        }
    }

    /// <summary>Adds to an alert until when it is silenced.</summary>
    public AlertValues Mark(AlertValues alert) => alert with { SilencedUntil = Until(alert.Name, alert.RunId) };

    /// <summary>Returns the number of the firing alerts of a run that are not silenced; null if the run has not been read.</summary>
    public int? CountFiring(RunEntry entry) =>
        entry.Digest?.Alerts.Count(alert => alert.State == AlertEpisodeState.Firing && Until(alert.Name, entry.Id) is null);

    private DateTimeOffset? Until(string alert, string runId)
    {
        lock (_gate)
        {
            RemoveEnded();
            bool isOfRun = _all.TryGetValue((alert, runId), out DateTimeOffset ofRun);
            bool isOfAll = _all.TryGetValue((alert, null), out DateTimeOffset ofAll);
            return isOfRun && (!isOfAll || ofRun > ofAll) ? ofRun : isOfAll ? ofAll : null;
        }
    }

    private void RemoveEnded()
    {
        if (_all.Count == 0)
            return;

        DateTimeOffset now = timeProvider.GetUtcNow();
        foreach ((string, string?) ended in _all.Where(one => one.Value <= now).Select(one => one.Key).ToArray())
        {
            _all.Remove(ended);
            _version++;
        }
    }
}

/// <summary>An alert that is silenced.</summary>
/// <param name="Alert">The name of the alert.</param>
/// <param name="RunId">The ID of the run; absent for all runs.</param>
/// <param name="Until">The end of the silence.</param>
internal sealed record Silence(string Alert, string? RunId, DateTimeOffset Until);
