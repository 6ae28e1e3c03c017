using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Afterimage.Monitoring.Handlers;

/// <summary>A file of JSON lines that is only ever added to, by one writer, while any number read it.</summary>
/// <remarks>
/// Lines gather in memory until <see cref="Commit"/> hands them to the operating system in one write, at a position of its own: a write that fails
/// half-way is overwritten by its repetition. The file is opened at the first write, and again when written to after <see cref="Dispose"/>.
/// </remarks>
internal sealed class JsonLineFile : IDisposable
{
    private readonly string _path;
    private readonly ArrayBufferWriter<byte> _lines = new(4096);
    private readonly Utf8JsonWriter _writer;
    private SafeFileHandle? _handle;
    private long _length;

    public JsonLineFile(string path)
    {
        _path = Path.GetFullPath(path);
        _writer = new Utf8JsonWriter(_lines, new JsonWriterOptions { SkipValidation = true });
    }

    /// <summary>Forgets lines that were not committed.</summary>
    public void Discard()
    {
        _writer.Reset();
        _lines.ResetWrittenCount();
    }

    /// <summary>Begins a line: an object, open.</summary>
    public Utf8JsonWriter BeginLine()
    {
        _writer.WriteStartObject();
        return _writer;
    }

    public void EndLine()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        _writer.Reset();
        _lines.Write("\n"u8);
    }

    /// <summary>Writes the gathered lines.</summary>
    /// <exception cref="IOException">They could not be written; nothing of them counts as written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Commit()
    {
        _handle ??= Open();
        RandomAccess.Write(_handle, _lines.WrittenSpan, _length);
        _length += _lines.WrittenCount;
        _lines.ResetWrittenCount();
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _handle = null;
    }

    private SafeFileHandle Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        SafeFileHandle handle = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _length = RandomAccess.GetLength(handle);
        if (_length == 0)
            return handle;

        // A process that was killed may have left half a line: what comes now starts on one of its own.
        Span<byte> last = stackalloc byte[1];
        RandomAccess.Read(handle, last, _length - 1);
        if (last[0] != (byte)'\n')
        {
            RandomAccess.Write(handle, "\n"u8, _length);
            _length++;
        }

        return handle;
    }
}
