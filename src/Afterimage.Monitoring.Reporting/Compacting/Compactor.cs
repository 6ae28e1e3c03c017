using System.Data.Common;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Schema;
using Microsoft.Win32.SafeHandles;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>Makes compacted files of the finished files of records of a log directory and of those below it.</summary>
/// <remarks>
/// A compacted file takes effect in one step, when it gets its name: before, readers do not look at it, and from then on, by that name,
/// they pass its sources over. Writers keep away from these by their claims, before, and by that name, behind. So a kill at any moment
/// leaves every record in exactly one file that counts.
/// </remarks>
/// <param name="find">Lists the files of a pattern in all directories.</param>
/// <param name="maxLineLength">Bytes of a line beyond which its file is left as it is.</param>
/// <param name="progress">Is told which share of the work is done.</param>
/// <param name="reached">Is told each step.</param>
/// <param name="cancellationToken">Ends the work behind the group that is being worked on, or earlier.</param>
internal sealed class Compactor(
    Func<string, string[]> find,
    int maxLineLength,
    IProgress<double>? progress,
    Action<CompactionStep>? reached,
    CancellationToken cancellationToken)
{
    // Rows of it stay in memory, for the most part; a larger file is worked on alone.
    private const long MaxWeight = 512L << 20;

    // A compacted file from this on stays as it is: to put it together with others would mean to write it again, for little.
    private const long EnoughWeight = MaxWeight / 4;

    // Each is claimed, which takes a handle.
    private const int MaxSources = 256;

    private const string Unfinished = ".unfinished";

    private readonly List<string> _files = [];
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unshipped = new(StringComparer.Ordinal);
    private readonly HashSet<string> _others = new(StringComparer.Ordinal);
    private RecordColumn[] _columns = [.. RecordColumn.All.Where(column => column.Field.Required != RecordEvents.None)];
    private int _compactedFiles;
    private long _records;
    private long _skippedLines;
    private long _newRecords;
    private long _newSkippedLines;
    private long _bytesBefore;
    private long _weight;
    private long _weightDone;

    /// <exception cref="IOException">A file could not be read or written, or another process is compacting.</exception>
    public CompactionResult Run()
    {
        FileSizeLimit.FailWrites();
        string[] directories = [.. List().Select(path => Path.GetDirectoryName(path)!).Distinct(StringComparer.Ordinal)];
        _weight = List().Where(path => !RecordFiles.IsCompacted(path)).Sum(path => Source.Of(path).Weight);
        foreach (string directory in directories)
            CompactDirectory(directory);
        progress?.Report(1);
        return new CompactionResult
        {
            Files = _files,
            CompactedFiles = _compactedFiles,
            Records = _records,
            SkippedLines = _skippedLines,
            BytesBefore = _bytesBefore,
            BytesAfter = _files.Sum(file => new FileInfo(file).Length),
            OpenFiles = _open.Count,
            UnshippedFiles = _unshipped.Count,
            OtherFiles = _others.Count,
        };
    }

    private string[] List() => [.. find(CompactedName.Pattern).Where(RecordFiles.IsCompacted), .. find(RecordFiles.JsonPattern)];

    private void CompactDirectory(string directory)
    {
        using FileClaim claim = FileClaim.Try(Path.Combine(directory, "compact"))
            ?? throw new IOException($"Another process is compacting the directory '{directory}'.");
        if (!claim.KeepsOthersOut)
            throw new IOException($"File locks have no effect in '{directory}', so it is not known which files are still being written.");
        Clean(directory);

        // What was compacted of many small files may be little enough to be put together. What a writer finishes meanwhile is for the
        // next compaction: else there would be no end beside one that goes on.
        HashSet<string> written = [.. In(directory).Where(path => !RecordFiles.IsCompacted(path))];
        while (CompactOnce(directory, written))
            cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Removes what a killed compaction has left: half a file, and sources of a whole one.</summary>
    private void Clean(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory, "." + CompactedName.Pattern + Unfinished))
            File.Delete(path);

        Source[] all = [.. In(directory).Select(Source.Of)];
        string[] current = RecordFiles.Current([.. all.Select(source => source.Path)]);
        foreach (Source source in all.Where(source => !current.Contains(source.Path, StringComparer.Ordinal)))
        {
            using FileClaim? claim = source.IsCompacted ? null : FileClaim.Try(source.Path);
            if (source.IsCompacted || claim is not null)
                File.Delete(source.Path);
        }

        reached?.Invoke(CompactionStep.Cleaned);
    }

    private static IEnumerable<string> In(string directory) =>
        Directory
            .EnumerateFiles(directory, CompactedName.Pattern)
            .Where(RecordFiles.IsCompacted)
            .Concat(Directory.EnumerateFiles(directory, RecordFiles.JsonPattern));

    /// <returns>Whether anything was done.</returns>
    private bool CompactOnce(string directory, HashSet<string> written)
    {
        bool isDone = false;
        var group = new List<Source>();
        var claims = new List<FileClaim>();
        try
        {
            IEnumerable<string> paths = In(directory).Where(path => written.Contains(path) || RecordFiles.IsCompacted(path));
            foreach (Source listed in paths.Select(Source.Of).OrderBy(source => source.First))
            {
                cancellationToken.ThrowIfCancellationRequested();
                bool isTaken = TryTake(listed, claims);

                // Looked at behind the claim: before it, a writer may have gone on, and come to the end of it.
                Source source = isTaken ? Source.Of(listed.Path) : listed;
                if (!isTaken || group.Count == MaxSources || group.Sum(s => s.Weight) + source.Weight > MaxWeight)
                    EndGroup(keep: isTaken && !source.IsCompacted);
                if (isTaken)
                    group.Add(source);
            }

            EndGroup(keep: false);
        }
        finally
        {
            claims.ForEach(claim => claim.Dispose());
        }

        return isDone;

        // The last claim is that of the source that the next group begins with.
        void EndGroup(bool keep)
        {
            isDone |= CompactGroup(directory, group);
            group.Clear();
            int released = claims.Count - (keep ? 1 : 0);
            claims.Take(released).ToList().ForEach(claim => claim.Dispose());
            claims.RemoveRange(0, released);
        }
    }

    private bool TryTake(Source source, List<FileClaim> claims)
    {
        if (source.First < 0 || _others.Contains(source.Path))
        {
            _others.Add(source.Path);
            return false;
        }

        if (source.IsCompacted)
            return source.Weight < EnoughWeight;
        if (FileClaim.Try(source.Path) is not { } claim)
        {
            _open.Add(source.Path);
            return false;
        }

        // Behind the claim: no writer adds to it any more.
        if (!ShippingMarks.AllowRemoval(source.Path))
        {
            claim.Dispose();
            _unshipped.Add(source.Path);
            return false;
        }

        claims.Add(claim);
        return true;
    }

    private bool CompactGroup(string directory, List<Source> group)
    {
        if (group.Count == 0 || group.Sum(source => source.Length) == 0 || group is [{ IsCompacted: true }])
            return false;

        reached?.Invoke(CompactionStep.Claimed);
        CompactedName name = CompactedName.Of(directory, group[0].First, group[^1].Last);
        string unfinished = Path.Combine(directory, "." + Path.GetFileName(name.Path) + Unfinished);
        try
        {
            Write(unfinished, group);

            // No library's writer can have written to them; another program may.
            _others.UnionWith(group.Where(source => !source.IsUnchanged).Select(source => source.Path));
            if (!_others.Overlaps(group.Select(source => source.Path)))
                Publish(unfinished, name, group);
            return true;
        }
        catch (DbException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException(
                $"The directory '{directory}' could not be compacted: {exception.FirstLine()}",
                exception);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Writes the new file, unless a source has a line that is too long to be kept.</summary>
    private void Write(string path, List<Source> group)
    {
        long weightDone = _weightDone;
        while (true)
        {
            try
            {
                WriteColumns(path, group);
                return;
            }
            catch (MissingColumnsException exception)
            {
                // Seldom: records of a run are much alike.
                _columns = [.. RecordColumn.All.Where(column => _columns.Contains(column) || exception.Columns.Contains(column))];
                _weightDone = weightDone;
            }
        }
    }

    private void WriteColumns(string path, List<Source> group)
    {
        using var rows = new CompactedRows(_columns, maxLineLength, cancellationToken);
        foreach (Source source in group)
        {
            if (!rows.TryAdd(source))
                _others.Add(source.Path);
            if (source.IsCompacted)
                continue;
            _weightDone += source.Weight;
            progress?.Report(Math.Min(1, (double)_weightDone / Math.Max(1, _weight)));
        }

        if (_others.Overlaps(group.Select(source => source.Path)))
            return;

        reached?.Invoke(CompactionStep.Read);
        rows.Write(path);
        reached?.Invoke(CompactionStep.Written);
        using (SafeFileHandle file = File.OpenHandle(path, access: FileAccess.ReadWrite))
            DiskSync.SyncFile(file, path);
        rows.Verify(path);
        reached?.Invoke(CompactionStep.Synced);
        _newRecords = rows.NewRecords;
        _newSkippedLines = rows.NewSkippedLines;
    }

    private void Publish(string unfinished, CompactedName name, List<Source> group)
    {
        File.SetLastWriteTimeUtc(unfinished, group.Max(source => source.Written));
        File.Move(unfinished, name.Path, overwrite: false);
        DiskSync.SyncDirectory(name.Directory);
        reached?.Invoke(CompactionStep.Named);
        _records += _newRecords;
        _skippedLines += _newSkippedLines;
        foreach (Source source in group)
        {
            File.Delete(source.Path);
            reached?.Invoke(CompactionStep.Removed);
        }

        // One that was put together with others since was no source, and is nothing that was written, in the end.
        foreach (Source source in group.Where(source => !_files.Remove(source.Path)))
        {
            _compactedFiles++;
            _bytesBefore += source.Length;
        }

        _files.Add(name.Path);
    }
}
