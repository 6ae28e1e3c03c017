using System.Text;
using Afterimage.Cli.Commands;

namespace Afterimage.Cli.Tail;

/// <summary>A file of lines that somebody else writes: its last lines, and then what is added. A line without its end is left until it has
/// one. A file that is truncated, or replaced by another, begins anew.</summary>
internal sealed class TailedFile(string path)
{
    private const int BlockSize = 1 << 16;

    // A longer memory of what was read would cost a read of it at every look.
    private const int MarkSize = 128;

    private long _position;

    // The bytes before the position: another file, or another content, does not have them there.
    private byte[] _mark = [];

    /// <summary>The last lines that are whole, the oldest first; reading goes on behind them.</summary>
    public IReadOnlyList<string> ReadLast(int count)
    {
        using FileStream? stream = Open();
        if (stream is null)
            return [];

        // Backwards by blocks until there are lines enough, one more since the first may be cut.
        long start = stream.Length;
        int lines = 0;
        var block = new byte[BlockSize];
        while (start > 0 && lines <= count)
        {
            int length = (int)Math.Min(BlockSize, start);
            start -= length;
            stream.Position = start;
            stream.ReadExactly(block, 0, length);
            lines += block.AsSpan(0, length).Count((byte)'\n');
        }

        Remember(start, []);
        string[] read = [.. ReadFrom(stream)];
        return read[Math.Max(0, read.Length - count)..];
    }

    /// <summary>The whole lines that are new.</summary>
    public IReadOnlyList<string> ReadNew()
    {
        using FileStream? stream = Open();
        if (stream is null)
        {
            // What comes under this name again is another file.
            Remember(0, []);
            return [];
        }

        if (!IsSame(stream))
            Remember(0, []);
        return ReadFrom(stream);
    }

    private bool IsSame(FileStream stream)
    {
        if (stream.Length < _position)
            return false;

        var found = new byte[_mark.Length];
        stream.Position = _position - found.Length;
        return stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) == found.Length && found.AsSpan().SequenceEqual(_mark);
    }

    private void Remember(long position, ReadOnlySpan<byte> before)
    {
        _position = position;
        _mark = before[^Math.Min(MarkSize, before.Length)..].ToArray();
    }

    // A writer that keeps only its newest files may have deleted it.
    private FileStream? Open()
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException) when (!File.Exists(path))
        {
            return null;
        }
    }

    private string[] ReadFrom(FileStream stream)
    {
        if (stream.Length <= _position)
            return [];

        stream.Position = _position;
        var bytes = new byte[stream.Length - _position];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        int end = bytes.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
        if (end > 0)
            Remember(_position + end, bytes.AsSpan(0, end));
        return Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
