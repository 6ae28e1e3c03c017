using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>The generations and evaluations in the files of a log directory and of those below it (docs/log-format.md).</summary>
/// <param name="directory">The directory.</param>
/// <param name="readCompacted">Reads compacted files; null: nobody does.</param>
internal sealed class CallHistory(string directory, CompactedFileReader? readCompacted)
{
    // What a file's own time may be behind the stamps of its records, with clocks that differ or were set.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    // No run costs more; a decimal holds it.
    private const double HighestCost = 1e15;

    private readonly Dictionary<string, RecordDetails> _models = new(StringComparer.Ordinal);
    private long _calls;
    private long _skippedLines;

    /// <summary>Whether a file was deleted or compacted between the listing and its reading: then not all calls were read, and only another history can.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Reads the calls of a time and later, each directory's in the order of its files' lines.</summary>
    /// <remarks>
    /// Names of models are in their details alone, so that the past takes no place in the present's tables. A line that is no whole record is skipped and counted. A
    /// file that was not written since is not opened.
    /// </remarks>
    /// <param name="since">The time, in UTC ticks; 0: everything.</param>
    /// <exception cref="IOException">A file or directory cannot be read.</exception>
    public IEnumerable<Record> Since(long since)
    {
        foreach (string file in Files().Where(file => !IsOlder(file, since)))
        {
            foreach (Record call in RecordFiles.IsCompacted(file) ? ReadCompacted(file, since) : ReadLines(file, since))
            {
                _calls++;
                yield return call;
            }

            if (IsOutdated)
                yield break;
        }
    }

    /// <summary>What was read, for the log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Budgets go on from '{directory}': {_calls} calls counted{(_skippedLines > 0 ? $", {_skippedLines} lines skipped that are no records" : "")}");

    private string[] Files()
    {
        try
        {
            if (File.Exists(directory))
                throw new IOException("it is a file");
            return Directory.Exists(directory) ? [.. RecordFiles.Find(directory).Where(file => RecordFiles.NumberOf(file) >= 0)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory, e);
        }
    }

    // A file that is gone has no time: opening it says so.
    private static bool IsOlder(string path, long since) => since != 0 && new FileInfo(path) is { Exists: true } file && file.LastWriteTimeUtc.Ticks < since - ClockTolerance.Ticks;

    // Of a message the first line: an engine that reads compacted files shows its statement below it.
    private static IOException Unreadable(string path, Exception e) => new($"A budget cannot go on from '{path}': {e.Message.Split('\n')[0].TrimEnd()}", e);

    private IEnumerable<Record> ReadCompacted(string path, long since)
    {
        if (readCompacted is null)
            throw new IOException($"A budget cannot go on from '{path}': it is compacted. To have such files read, call UseCompactedFiles() of the package Afterimage.Monitoring.Reporting on the options.");

        using IEnumerator<ReadOnlyMemory<byte>>? lines = Try(path, () => readCompacted(path, since == 0 ? null : new DateTimeOffset(since, TimeSpan.Zero)).GetEnumerator());
        while (lines is not null && Try(path, lines.MoveNext))
        {
            if (TryParse(lines.Current.Span, since, out Record call))
                yield return call;
        }
    }

    /// <returns>What the reader answers; nothing if the file is gone.</returns>
    private T? Try<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            if (File.Exists(path))
                throw Unreadable(path, e);
            IsOutdated = true;
            return default;
        }
    }

    private FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            IsOutdated = true;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    private IEnumerable<Record> ReadLines(string path, long since)
    {
        using FileStream? stream = Open(path);
        if (stream is null)
            yield break;

        byte[] buffer = new byte[128 * 1024];
        int end = 0;
        while (true)
        {
            int read;
            try
            {
                read = stream.Read(buffer, end, buffer.Length - end);
            }
            catch (IOException e)
            {
                throw Unreadable(path, e);
            }

            end += read;
            int start = 0;
            while (buffer.AsSpan(start, end - start).IndexOf((byte)'\n') is >= 0 and var length)
            {
                if (TryParse(buffer.AsSpan(start, length), since, out Record call))
                    yield return call;
                start += length + 1;
            }

            if (read == 0)
            {
                // A killed process may have left a line that lacks nothing but its end.
                if (TryParse(buffer.AsSpan(start, end - start), since, out Record call))
                    yield return call;
                yield break;
            }

            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            if (end == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    private bool TryParse(ReadOnlySpan<byte> line, long since, out Record call)
    {
        call = default;
        if (line.Trim((byte)' ').IsEmpty)
            return false;

        try
        {
            return Parse(new Utf8JsonReader(line), since, ref call);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // Torn, or not the library's: InvalidOperationException is the reader's for a value of another type.
            _skippedLines++;
            return false;
        }
    }

    /// <returns>Whether it is a call, and not older than asked for.</returns>
    private bool Parse(Utf8JsonReader line, long since, ref Record call)
    {
        bool isCall = false;
        bool hasDuration = false;
        bool hasSuccess = false;
        string? modelName = null;
        string? finishReason = null;
        Expect(line.Read() && line.TokenType == JsonTokenType.StartObject);
        while (line.Read() && line.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(line, RecordKeys.Timestamp))
            {
                line.Read();
                call.Timestamp = line.GetDateTimeOffset().UtcTicks;
                call.Fields |= RecordFields.GivenTimestamp;

                // It is the first key: what is older need not be read.
                if (call.Timestamp < since)
                    return false;
            }
            else if (Is(line, RecordKeys.Event))
            {
                line.Read();
                isCall = line.ValueTextEquals(RecordKeys.EventOf(MetricRecordKind.Generation)) || line.ValueTextEquals(RecordKeys.EventOf(MetricRecordKind.Evaluation));
                call.Kind = line.ValueTextEquals(RecordKeys.EventOf(MetricRecordKind.Evaluation)) ? RecordKind.Evaluation : RecordKind.Generation;
            }
            else if (Is(line, RecordKeys.Duration))
            {
                line.Read();
                call.Duration = (long)(Math.Clamp(line.GetDouble(), 0, TimeSpan.MaxValue.TotalSeconds / 2) * TimeSpan.TicksPerSecond);
                hasDuration = true;
            }
            else if (Is(line, RecordKeys.Success))
            {
                line.Read();
                call.Fields |= line.GetBoolean() ? RecordFields.Success : RecordFields.None;
                hasSuccess = true;
            }
            else if (Is(line, RecordKeys.ModelName))
            {
                line.Read();
                modelName = line.GetString();
            }
            else if (Is(line, RecordKeys.FinishReason))
            {
                line.Read();
                finishReason = line.GetString();
            }
            else if (Is(line, RecordKeys.Error))
            {
                line.Read();
                call.Fields |= string.IsNullOrEmpty(line.GetString()) ? RecordFields.None : RecordFields.Error;
            }
            else if (Is(line, RecordKeys.PromptTokenCount))
            {
                call.PromptTokens = Count(ref line, RecordFields.PromptTokens, ref call);
            }
            else if (Is(line, RecordKeys.CompletionTokenCount))
            {
                call.CompletionTokens = Count(ref line, RecordFields.CompletionTokens, ref call);
            }
            else if (Is(line, RecordKeys.TotalTokenCount))
            {
                call.TotalTokens = Count(ref line, RecordFields.TotalTokens, ref call);
            }
            else if (Is(line, RecordKeys.CachedPromptTokenCount))
            {
                call.CachedPromptTokens = Count(ref line, RecordFields.CachedPromptTokens, ref call);
            }
            else if (Is(line, RecordKeys.ReasoningTokenCount))
            {
                call.ReasoningTokens = Count(ref line, RecordFields.ReasoningTokens, ref call);
            }
            else if (Is(line, RecordKeys.UnpricedTokenCount))
            {
                call.Value = Count(ref line, RecordFields.Unpriced, ref call);
            }
            else if (Is(line, RecordKeys.CostUsd))
            {
                line.Read();
                call.Value = line.GetDouble();
                call.Fields |= RecordFields.Cost;
                Expect(call.Value is >= 0 and < HighestCost);
            }
            else
            {
                line.Skip();
            }
        }

        // To the very end: a torn line has none.
        Expect(!line.Read() && line.TokenType == JsonTokenType.EndObject && call.Has(RecordFields.GivenTimestamp));
        if (!isCall)
            return false;

        Expect(hasDuration && hasSuccess);
        if (finishReason is FinishReasons.Cancelled or FinishReasons.Abandoned)
        {
            call.FinishReasonId = NameTable.Overflow;
            call.ModelId = string.IsNullOrEmpty(modelName) ? NameTable.None : NameTable.Overflow;
            call.Details = new RecordDetails { ModelName = modelName, FinishReason = finishReason };
        }
        else if (!string.IsNullOrEmpty(modelName))
        {
            if (!_models.TryGetValue(modelName, out RecordDetails? details))
                _models.Add(modelName, details = new RecordDetails { ModelName = modelName });
            call.ModelId = NameTable.Overflow;
            call.Details = details;
        }

        return true;
    }

    private static bool Is(in Utf8JsonReader line, string key) => line.ValueTextEquals(key);

    private static long Count(ref Utf8JsonReader line, RecordFields field, ref Record call)
    {
        line.Read();
        long count = line.GetInt64();
        Expect(count >= 0);
        call.Fields |= field;
        return count;
    }

    private static void Expect(bool condition)
    {
        if (!condition)
            throw new FormatException("It is no record.");
    }
}
