using System.Globalization;
using Afterimage.Cli.CommandLine;
using CsvHelper;

namespace Afterimage.Cli.Simulation;

/// <summary>Reads an LLM inference trace: a CSV file with the columns TIMESTAMP, ContextTokens and GeneratedTokens, in any order, among
/// others.</summary>
internal sealed class TraceReader : IDisposable
{
    // A thousand times the largest existing context window. It keeps modelled durations within the range that the monitor accepts.
    private const long MaxTokens = 1_000_000_000;

    private static readonly string[] TimestampFormats = ["yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly string _path;
    private readonly bool _skipInvalid;
    private readonly CsvReader _csv;
    private readonly long _length;
    private readonly int _timestampColumn;
    private readonly int _promptColumn;
    private readonly int _completionColumn;
    private bool _malformed;

    private TraceReader(string path, bool skipInvalid)
    {
        _path = path;
        _skipInvalid = skipInvalid;
        _length = new FileInfo(path).Length;
        _csv = CsvReader.FromFile(path, new CsvReaderOptions
        {
            Separator = ',',
            TrimWhitespace = true,
            TrackLineNumbers = true,
            AllowLineBreaksInQuotes = false,
            OnMalformedRecord = _ => _malformed = true,
        });
        try
        {
            _csv.ReadHeader();
            _timestampColumn = Column("TIMESTAMP");
            _promptColumn = Column("ContextTokens");
            _completionColumn = Column("GeneratedTokens");
        }
        catch
        {
            _csv.Dispose();
            throw;
        }
    }

    /// <summary>The number of rows that were not valid, if invalid rows are skipped.</summary>
    public long SkippedRows { get; private set; }

    /// <summary>The share of the file that has been read, from 0 to 1. May be read by another thread.</summary>
    public double Progress { get; private set; }

    /// <exception cref="InputException">The file does not exist, cannot be read, or lacks a column.</exception>
    public static TraceReader Open(string path, bool skipInvalid)
    {
        if (Directory.Exists(path))
            throw new InputException($"The trace '{path}' must be a file, not a directory.");
        try
        {
            return new TraceReader(path, skipInvalid);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"The trace file '{path}' does not exist.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CsvFormatException)
        {
            throw new InputException($"The trace file '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads the next valid row.</summary>
    /// <exception cref="InputException">The row is not valid, and invalid rows are not skipped; or the file cannot be read.</exception>
    public bool TryRead(out TraceRow row)
    {
        while (true)
        {
            _malformed = false;
            try
            {
                if (!_csv.Read())
                {
                    Progress = 1;
                    row = default;
                    return false;
                }
            }
            catch (Exception exception) when (exception is IOException or CsvFormatException)
            {
                throw new InputException($"The trace file '{_path}' cannot be read: {exception.Message}", exception);
            }

            Progress = (double)_csv.ByteOffset / _length;
            if (Parse(out row) is not { } problem)
                return true;
            if (!_skipInvalid)
                throw new InputException($"{_path}, line {_csv.LineNumber}: {problem}");
            SkippedRows++;
        }
    }

    public void Dispose() => _csv.Dispose();

    private int Column(string name) =>
        _csv.TryGetFieldIndex(name, out int index)
            ? index
            : throw new InputException(
                $"{_path}, line 1: The column {name} is missing. A trace has the columns TIMESTAMP, ContextTokens and GeneratedTokens.");

    private string? Parse(out TraceRow row)
    {
        row = default;
        if (_malformed)
            return "The quotes do not match.";
        if (_csv.FieldCount != _csv.Headers.Count)
            return $"The row has {_csv.FieldCount} fields, but the header has {_csv.Headers.Count}.";

        string time = _csv.GetString(_timestampColumn);
        if (
            !DateTimeOffset.TryParseExact(
                time,
                TimestampFormats,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset timestamp))
        {
            return $"TIMESTAMP must be a time such as 2023-11-16 18:15:46.6805900, not {Quote(time)}.";
        }

        if (!TryTokens(_promptColumn, out long prompt))
            return NoTokens("ContextTokens", _promptColumn);
        if (!TryTokens(_completionColumn, out long completion))
            return NoTokens("GeneratedTokens", _completionColumn);

        row = new TraceRow(timestamp, prompt, completion);
        return null;
    }

    private bool TryTokens(int column, out long tokens) =>
        long.TryParse(_csv.GetSpan(column), NumberStyles.None, CultureInfo.InvariantCulture, out tokens) && tokens <= MaxTokens;

    private string NoTokens(string name, int column) =>
        FormattableString.Invariant($"{name} must be a whole number from 0 to {MaxTokens:N0}, not {Quote(_csv.GetString(column))}.");

    private static string Quote(string value) => "'" + Format.Name(value, 40) + "'";
}
