using System.Buffers;
using System.Text.Json;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Writing;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The state of shipping a run, in the run's directory. It is the only thing that a shipper remembers.</summary>
/// <remarks>
/// A unit is recorded here, and on the disk, before it is sent, so that whoever continues after a crash sends the same data again. The file
/// consists of lines of JSON, to which lines are appended. If it has become long, it is rewritten when it is opened, with only what still
/// matters. One shipper has it at a time.
/// </remarks>
internal sealed class Checkpoint : IDisposable
{
    // Beyond this length, the file is rewritten when it is opened.
    private const long LongLength = 64 << 10;

    private readonly string _path;
    private readonly FileClaim? _claim;
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private readonly Dictionary<(string Table, string Name), FileState> _files = [];
    private readonly Dictionary<long, ShipUnit> _pending = [];
    private readonly Lock _lock = new();
    private FileStream _stream;
    private long _lastUnit;

    private Checkpoint(string path, FileClaim? claim, FileStream stream)
    {
        _path = path;
        _claim = claim;
        _stream = stream;
    }

    /// <summary>The name of the run in the cluster.</summary>
    public string Run { get; private set; } = "";

    /// <summary>Whether the cluster may have lines of the run that this checkpoint does not know, because an earlier one was
    /// lost.</summary>
    public bool IsRecovered { get; private set; }

    /// <summary>Whether the checkpoint has just been created.</summary>
    public bool IsNew => Run.Length == 0;

    /// <summary>The planned units that are not known to be in the cluster.</summary>
    public IReadOnlyList<ShipUnit> Pending
    {
        get
        {
            lock (_lock)
                return [.. _pending.Values.OrderBy(unit => unit.Number)];
        }
    }

    /// <summary>Opens the checkpoint of a run for a fleet.</summary>
    /// <returns>The checkpoint; null if another shipper has it.</returns>
    /// <exception cref="IOException">The checkpoint cannot be read or written, or is damaged.</exception>
    public static Checkpoint? TryOpen(string runDirectory, string fleet)
    {
        string path = ShippingMarks.CheckpointOf(runDirectory, fleet);
        if (FileClaim.Try(path) is not { } claim)
            return null;

        FileSizeLimit.FailWrites();
        Checkpoint? checkpoint = null;
        try
        {
            checkpoint = new Checkpoint(
                path,
                claim,
                new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));
            long length = checkpoint.Read();
            if (length > LongLength)
                checkpoint.Rewrite();
            else
                checkpoint._stream.SetLength(length);
            checkpoint._stream.Position = checkpoint._stream.Length;
            return checkpoint;
        }
        catch
        {
            checkpoint?._stream.Dispose();
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Reads the checkpoint of a run for a fleet as it is now, whoever has it. The result is read-only.</summary>
    /// <returns>The checkpoint, closed; null if there is none.</returns>
    /// <exception cref="IOException">The checkpoint cannot be read, or is damaged.</exception>
    public static Checkpoint? TryRead(string runDirectory, string fleet)
    {
        string path = ShippingMarks.CheckpointOf(runDirectory, fleet);
        if (!System.IO.File.Exists(path))
            return null;

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var checkpoint = new Checkpoint(path, claim: null, stream);
        checkpoint.Read();
        return checkpoint;
    }

    /// <summary>Sets the run of a new checkpoint.</summary>
    public void Begin(string run, bool isRecovered)
    {
        (Run, IsRecovered) = (run, isRecovered);
        Append(WriteRun, sync: true);
    }

    public FileState File(string table, string name)
    {
        lock (_lock)
        {
            if (!_files.TryGetValue((table, name), out FileState? file))
                _files.Add((table, name), file = new FileState(table, name));
            return file;
        }
    }

    public FileState? Find(string table, string name)
    {
        lock (_lock)
            return _files.GetValueOrDefault((table, name));
    }

    /// <summary>Returns the number of the next unit.</summary>
    public long NextUnit() => ++_lastUnit;

    /// <summary>Records a planned unit. When this returns, it is on the disk.</summary>
    /// <exception cref="IOException">The unit could not be written.</exception>
    public void Plan(ShipUnit unit, FileState file)
    {
        lock (_lock)
        {
            Append(writer => WriteUnit(writer, unit, file), sync: true);
            _pending.Add(unit.Number, unit);
            Take(unit, file);
        }
    }

    /// <summary>Records that a unit is in the cluster. If the record is lost, the lines must be counted again.</summary>
    public void Done(ShipUnit unit)
    {
        lock (_lock)
        {
            Append(writer => writer.WriteNumber("done", unit.Number), sync: false);
            if (_pending.Remove(unit.Number))
                File(unit.Table, unit.Name).Pending--;
        }
    }

    /// <summary>Records that another file has taken the name of a file.</summary>
    public void Restart(FileState file)
    {
        lock (_lock)
        {
            (file.Generation, file.Head, file.Lines, file.Position) = (file.Generation + 1, 0, 0, 0);
            Append(writer => WriteFile(writer, file), sync: true);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _claim?.Dispose();
    }

    private static void Take(ShipUnit unit, FileState file)
    {
        file.Lines = unit.First + (uint)unit.Lines - 1;
        file.Position = unit.End;
        file.Pending++;
    }

    /// <returns>The length of the complete lines.</returns>
    private long Read()
    {
        byte[] bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);

        // A line without its end was torn by a crash. Nothing has been sent because of it.
        int length = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        for (int start = 0; start < length;)
        {
            int end = start + bytes.AsSpan(start, length - start).IndexOf((byte)'\n');
            ReadLine(bytes.AsMemory(start..end));
            start = end + 1;
        }

        return length;
    }

    private void ReadLine(ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.TryGetProperty("done", out JsonElement done))
            {
                if (_pending.Remove(done.GetInt64(), out ShipUnit? unit))
                    File(unit.Table, unit.Name).Pending--;
            }
            else if (root.TryGetProperty("run", out JsonElement run))
            {
                Run = run.GetString()!;
                IsRecovered = root.GetProperty("recovered").GetBoolean();
            }
            else
            {
                FileState file = File(root.GetProperty("table").GetString()!, root.GetProperty("name").GetString()!);
                file.Generation = root.GetProperty("generation").GetInt32();
                file.Head = root.GetProperty("head").GetUInt64();
                if (root.TryGetProperty("unit", out JsonElement number))
                {
                    var unit = new ShipUnit(
                        number.GetInt64(),
                        file.Table,
                        file.Name,
                        root.GetProperty("file").GetString()!,
                        root.GetProperty("first").GetUInt32(),
                        root.GetProperty("lines").GetInt32(),
                        root.GetProperty("start").GetInt64(),
                        root.GetProperty("end").GetInt64(),
                        root.GetProperty("shard").GetString()!,
                        root.GetProperty("version").GetInt32());
                    _pending.Add(unit.Number, unit);
                    _lastUnit = Math.Max(_lastUnit, unit.Number);
                    Take(unit, file);
                }
                else
                {
                    file.Lines = root.GetProperty("lines").GetUInt32();
                    file.Position = root.GetProperty("position").GetInt64();
                }
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or ArgumentException)
        {
            throw new IOException(
                $"The checkpoint '{_path}' is damaged. Remove it to continue shipping the run: "
                + "the lines in the cluster are then counted instead.",
                e);
        }
    }

    private void Rewrite()
    {
        string written = _path + ".new";
        _stream.Dispose();
        _stream = new FileStream(written, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

        // The state of a file follows from its units, but those that are done are no longer there.
        Append(WriteRun, sync: false);
        foreach (ShipUnit unit in Pending)
            Append(writer => WriteUnit(writer, unit, File(unit.Table, unit.Name)), sync: false);
        foreach (FileState file in _files.Values)
            Append(writer => WriteFile(writer, file), sync: false);
        DiskSync.SyncFile(_stream.SafeFileHandle, written);
        System.IO.File.Move(written, _path, overwrite: true);
        DiskSync.SyncDirectory(Path.GetDirectoryName(_path)!);
    }

    private void WriteRun(Utf8JsonWriter writer)
    {
        writer.WriteString("run", Run);
        writer.WriteBoolean("recovered", IsRecovered);
    }

    private static void WriteFile(Utf8JsonWriter writer, FileState file)
    {
        WriteName(writer, file);
        writer.WriteNumber("lines", file.Lines);
        writer.WriteNumber("position", file.Position);
    }

    private static void WriteUnit(Utf8JsonWriter writer, ShipUnit unit, FileState file)
    {
        writer.WriteNumber("unit", unit.Number);
        WriteName(writer, file);
        writer.WriteString("file", unit.File);
        writer.WriteNumber("first", unit.First);
        writer.WriteNumber("lines", unit.Lines);
        writer.WriteNumber("start", unit.Start);
        writer.WriteNumber("end", unit.End);
        writer.WriteString("shard", unit.Shard);
        writer.WriteNumber("version", unit.Version);
    }

    private static void WriteName(Utf8JsonWriter writer, FileState file)
    {
        writer.WriteString("table", file.Table);
        writer.WriteString("name", file.Name);
        writer.WriteNumber("generation", file.Generation);
        writer.WriteNumber("head", file.Head);
    }

    private void Append(Action<Utf8JsonWriter> write, bool sync)
    {
        lock (_lock)
        {
            _line.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(_line))
            {
                writer.WriteStartObject();
                write(writer);
                writer.WriteEndObject();
            }

            _line.Write("\n"u8);
            long length = _stream.Length;
            try
            {
                _stream.Write(_line.WrittenSpan);
                if (sync)
                    DiskSync.SyncFile(_stream.SafeFileHandle, _path);
            }
            catch (Exception e)
            {
                // Half a line would corrupt the next.
                _stream.SetLength(length);
                _stream.Position = length;
                if (e is ArgumentOutOfRangeException beyondLimit)
                    throw FileSizeLimit.Failed(_stream.Name, beyondLimit);
                throw;
            }
        }
    }
}
