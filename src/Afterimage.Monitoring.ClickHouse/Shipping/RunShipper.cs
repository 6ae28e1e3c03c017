using System.Collections;
using System.Collections.Concurrent;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Compacting;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Divides the files of a run into units, and reads units. Not thread-safe, except for <see cref="Done"/> and
/// <see cref="Read"/>.</summary>
internal sealed class RunShipper : IDisposable
{
    // This many bytes are worth a block, even if more will follow.
    private const long WorthSending = 4 << 20;

    private static readonly Dictionary<string, LineTable> Tables = LineTable.All.ToDictionary(table => table.Name, StringComparer.Ordinal);

    private readonly string _directory;
    private readonly string _fleet;
    private readonly Checkpoint _checkpoint;
    private readonly TimeProvider _timeProvider;
    private readonly Dictionary<string, LineEncoder> _encoders = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyList<(string Name, long Rows)>> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<FileState, DateTimeOffset> _waitingSince = [];
    private string _marked = "";
    private Part? _part;

    private RunShipper(string directory, string fleet, Checkpoint checkpoint, TimeProvider timeProvider)
    {
        (_directory, _fleet, _checkpoint, _timeProvider) = (directory, fleet, checkpoint, timeProvider);
        ShippingMarks.Write(directory, fleet, []);
    }

    public string Directory => _directory;

    public string Run => _checkpoint.Run;

    /// <summary>Whether any shard may have lines of the run that the checkpoint does not know.</summary>
    public bool IsRecovered => _checkpoint.IsRecovered;

    public bool IsNew => _checkpoint.IsNew;

    /// <summary>The units that an earlier shipper has left.</summary>
    public IReadOnlyList<ShipUnit> Left => _checkpoint.Pending;

    public RunListing Listing { get; set; } = null!;

    /// <summary>The number of units that are not known to be in the cluster.</summary>
    public int PendingUnits => _checkpoint.Pending.Count;

    /// <summary>Whether a writer has one of the files open.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The number of bytes that are not in a unit yet.</summary>
    public long UnreadBytes { get; private set; }

    /// <summary>The time since which the oldest of these bytes have been seen.</summary>
    public DateTimeOffset? UnreadSince => _waitingSince.Count > 0 ? _waitingSince.Values.Min() : null;

    /// <summary>Whether a part of a file is not completely in units yet.</summary>
    public bool HasPart => _part is not null;

    /// <summary>Opens a run for shipping.</summary>
    /// <returns>The shipper; null if another shipper has the run.</returns>
    /// <exception cref="IOException">The checkpoint cannot be read or written.</exception>
    public static RunShipper? TryOpen(string directory, string fleet, TimeProvider timeProvider)
    {
        Checkpoint? checkpoint = Checkpoint.TryOpen(directory, fleet);
        try
        {
            return checkpoint is null ? null : new RunShipper(directory, fleet, checkpoint, timeProvider);
        }
        catch
        {
            checkpoint!.Dispose();
            throw;
        }
    }

    public void Begin(string run, bool isRecovered) => _checkpoint.Begin(run, isRecovered);

    /// <summary>Plans the next unit that is due, and fills in its rows.</summary>
    /// <param name="rows">Receives the rows.</param>
    /// <param name="shard">The shard for the unit.</param>
    /// <param name="version">The version of the schema.</param>
    /// <param name="maxDelay">How long lines wait for more.</param>
    /// <param name="isLast">Whether lines do not wait for more.</param>
    /// <returns>The unit; null if none is due.</returns>
    /// <exception cref="IOException">A file cannot be read, or the checkpoint cannot be written.</exception>
    public ShipUnit? PlanNext(UnitRows rows, string shard, int version, TimeSpan maxDelay, bool isLast)
    {
        try
        {
            return Plan(rows, shard, version, maxDelay, isLast);
        }
        catch
        {
            // What was read of the part is in no unit: it is read again.
            EndPart();
            throw;
        }
    }

    /// <summary>Reads a unit's lines again.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="rows">Receives the rows.</param>
    /// <param name="present">The lines that are already in the cluster.</param>
    /// <exception cref="IOException">The lines cannot be read, or no longer exist.</exception>
    public void Read(ShipUnit unit, UnitRows rows, BitArray? present)
    {
        rows.Begin(Run, unit.File, unit.First, Tables[unit.Table].CreateEncoder(), present);
        using LineCursor cursor = Open(unit);
        while (rows.Lines < unit.Lines && cursor.Read())
            rows.Add(cursor);
        rows.End();
        if (rows.Lines != unit.Lines)
            throw new IOException(
                $"'{Path.Combine(_directory, unit.Name)}' no longer contains the {unit.Lines} lines from line {unit.First} on "
                + "that were to be shipped.");
    }

    /// <summary>Records that a unit is in the cluster.</summary>
    public void Done(ShipUnit unit) => _checkpoint.Done(unit);

    /// <summary>Updates the state of the files: how much is unread, and what may be removed.</summary>
    /// <param name="listing">The files.</param>
    /// <param name="limits">How much of each file is requested, by path; null: all.</param>
    public void LookAt(RunListing listing, IReadOnlyDictionary<string, long>? limits)
    {
        Listing = listing;
        IsOpen = listing.Parts.Any(part => FileClaim.IsHeld(part.Path));
        UnreadBytes = 0;
        var shipped = new List<KeyValuePair<string, long>>();
        foreach (ListedFile file in listing.Files)
        {
            long wanted = limits is null ? file.Length : Math.Min(file.Length, limits.GetValueOrDefault(file.Path));
            if (file.IsCompacted)
            {
                bool isShipped = wanted == 0
                    || SourcesOf(file.Path).All(source => _checkpoint.Find(file.Table.Name, source.Name)?.Lines >= source.Rows);
                UnreadBytes += isShipped ? 0 : wanted;
                continue;
            }

            bool isHeld = FileClaim.IsHeld(file.Path);
            IsOpen |= isHeld;
            FileState? state = _checkpoint.Find(file.Table.Name, file.Name);
            UnreadBytes += Math.Max(0, wanted - (state?.Position ?? 0));
            if (!isHeld && state is { Pending: 0 } && state.Position == file.Length)
                shipped.Add(new(file.Name, file.Length));
        }

        string marks = string.Join('|', shipped);
        if (marks == _marked)
            return;
        ShippingMarks.Write(_directory, _fleet, shipped);
        _marked = marks;
    }

    public void Dispose()
    {
        EndPart();
        _checkpoint.Dispose();
    }

    private ShipUnit? Plan(UnitRows rows, string shard, int version, TimeSpan maxDelay, bool isLast)
    {
        while (true)
        {
            if (_part is null && !TryFindPart(maxDelay, isLast))
                return null;

            Part part = _part!;
            FileState file = part.File;
            uint first = file.Lines + 1;
            rows.Begin(Run, file.File, first, EncoderOf(file.Table));
            while (!rows.IsFull && part.MoveNext())
            {
                if (first == 1 && rows.Lines == 0 && part.IsWhole)
                    file.Head = HeadOf(part.Cursor);
                rows.Add(part.Cursor);
            }

            rows.End();
            bool hasMore = part.Peek();
            long end = hasMore ? part.Cursor.Position : part.Cursor.End;
            if (!hasMore)
                EndPart();
            if (part.IsTail && !IsStillTail(part))
                continue;
            if (rows.Lines == 0)
            {
                file.Position = end;
                continue;
            }

            var unit = new ShipUnit(
                _checkpoint.NextUnit(),
                file.Table,
                file.Name,
                file.File,
                first,
                rows.Lines,
                part.IsCompacted ? -1 : file.Position,
                part.IsCompacted ? -1 : end,
                shard,
                version);
            _checkpoint.Plan(unit, file);
            return unit;
        }
    }

    private LineEncoder EncoderOf(string table)
    {
        if (!_encoders.TryGetValue(table, out LineEncoder? encoder))
            _encoders.Add(table, encoder = Tables[table].CreateEncoder());
        return encoder;
    }

    private bool TryFindPart(TimeSpan maxDelay, bool isLast)
    {
        foreach (ListedFile file in Listing.Files)
        {
            try
            {
                if (file.IsCompacted ? TryOpenCompacted(file) : TryOpenLines(file, maxDelay, isLast))
                    return true;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // The file was removed after it was listed.
            }
        }

        return false;
    }

    private bool TryOpenLines(ListedFile listed, TimeSpan maxDelay, bool isLast)
    {
        FileState state = _checkpoint.File(listed.Table.Name, listed.Name);
        long length = new FileInfo(listed.Path).Length;
        if (length == state.Position)
        {
            _waitingSince.Remove(state);
            return false;
        }

        if (state.Position > 0 && (length < state.Position || IsOther(listed.Path, state)))
            _checkpoint.Restart(state);

        bool isHeld = FileClaim.IsHeld(listed.Path);
        long complete = CompleteEnd(listed.Path, state.Position, length);
        DateTimeOffset now = _timeProvider.GetUtcNow();
        if (!_waitingSince.TryGetValue(state, out DateTimeOffset since))
            _waitingSince.Add(state, since = now);
        if (isHeld && !isLast && complete - state.Position < WorthSending && now - since < maxDelay)
            return false;

        if (complete > state.Position)
        {
            _waitingSince.Remove(state);
            _part = new Part(listed.Path, state, LineCursor.OfFile(listed.Path, state.Position, complete), length, isTail: false);
            return true;
        }

        // The torn end was left by a writer that is gone. A later writer turns it into a line that is skipped as it is now, or only adds
        // its end. A writer that is active may be in the middle of the line.
        if (isHeld)
            return false;
        _waitingSince.Remove(state);
        _part = new Part(listed.Path, state, LineCursor.OfFile(listed.Path, state.Position, length), length, isTail: true);
        return true;
    }

    private bool TryOpenCompacted(ListedFile listed)
    {
        long offset = 0;
        foreach ((string name, long rows) in SourcesOf(listed.Path))
        {
            FileState state = _checkpoint.File(listed.Table.Name, name);
            if (state.Lines < rows)
            {
                _part = new Part(
                    listed.Path,
                    state,
                    LineCursor.OfLines(
                        CompactedLines.Read(listed.Path, offset + state.Lines, rows - state.Lines),
                        state.Lines,
                        rows - state.Lines),
                    listed.Length,
                    isTail: false)
                {
                    IsCompacted = true,
                };
                return true;
            }

            offset += rows;
        }

        return false;
    }

    private IReadOnlyList<(string Name, long Rows)> SourcesOf(string path) => _sources.GetOrAdd(path, CompactedSources.Read);

    private LineCursor Open(ShipUnit unit)
    {
        string path = Path.Combine(_directory, unit.Name);
        if (unit.Start >= 0 && File.Exists(path))
            return LineCursor.OfFile(path, unit.Start, unit.End);

        foreach (CompactedName compacted in CompactedName.In(_directory))
        {
            long offset = 0;
            foreach ((string name, long rows) in SourcesOf(compacted.Path))
            {
                if (name == unit.Name)
                    return LineCursor.OfLines(
                        CompactedLines.Read(compacted.Path, offset + unit.First - 1, unit.Lines),
                        unit.First - 1,
                        unit.Lines);
                offset += rows;
            }
        }

        throw new IOException($"'{path}' was removed before it was shipped.");
    }

    // A line end that exists will stay there.
    private static long CompleteEnd(string path, long start, long length)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] buffer = new byte[4096];
        for (long end = length; end > start;)
        {
            int read = (int)Math.Min(buffer.Length, end - start);
            file.Position = end - read;
            file.ReadExactly(buffer, 0, read);
            int last = buffer.AsSpan(0, read).LastIndexOf((byte)'\n');
            if (last >= 0)
                return end - read + last + 1;
            end -= read;
        }

        return start;
    }

    private static bool IsOther(string path, FileState state)
    {
        if (state.Head == 0)
            return false;

        using LineCursor cursor = LineCursor.OfFile(path, 0, state.Position);
        return !cursor.Read() || HeadOf(cursor) != state.Head;
    }

    // 0 is reserved for "none".
    private static ulong HeadOf(LineCursor cursor) => Math.Max(1, LineEncoder.Checksum(cursor.Line.Span, isValid: true));

    private static bool IsStillTail(Part part) =>
        !FileClaim.IsHeld(part.Path) && new FileInfo(part.Path) is { Exists: true } now && now.Length == part.Length;

    private void EndPart()
    {
        _part?.Cursor.Dispose();
        _part = null;
    }

    /// <summary>A part of a file whose lines are being put into units.</summary>
    private sealed class Part(string path, FileState file, LineCursor cursor, long length, bool isTail)
    {
        private bool _isPeeked;

        public string Path => path;

        public FileState File => file;

        public LineCursor Cursor => cursor;

        /// <summary>The length of the file when it was opened.</summary>
        public long Length => length;

        /// <summary>Whether the part is a line without a line end.</summary>
        public bool IsTail => isTail;

        public bool IsCompacted { get; init; }

        /// <summary>Whether the lines are as they are in a file, with their line ends.</summary>
        public bool IsWhole => !isTail && !IsCompacted;

        public bool Peek() => _isPeeked = _isPeeked || cursor.Read();

        public bool MoveNext()
        {
            bool isThere = Peek();
            _isPeeked = false;
            return isThere;
        }
    }
}
