using System.IO.Hashing;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>Parses lines, and writes the rows of a table for them. Not thread-safe.</summary>
internal abstract class LineEncoder
{
    /// <summary>The time of the line, in UTC ticks. Must only be used if the line is valid.</summary>
    public abstract long Timestamp { get; }

    /// <summary>Parses a line.</summary>
    /// <returns><see langword="true"/> if the line is valid. Otherwise, it is skipped, and its row says no more than that.</returns>
    public abstract bool TryParse(ReadOnlyMemory<byte> line);

    /// <summary>Returns the checksum that represents a line in an audit.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> line, bool isValid) => isValid ? XxHash3.HashToUInt64(line) : 0;

    /// <summary>Writes the table's own columns for the line that was parsed.</summary>
    public abstract void Write(RowWriter row);

    /// <summary>Writes the table's own columns for a line that is skipped.</summary>
    public abstract void WriteSkipped(RowWriter row);
}
