using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Handlers.Files;

/// <summary>The generations and evaluations in the files of a log directory and of those below it (docs/log-format.md).</summary>
internal sealed class CallHistory(string directory)
{
    // What a file's own time may be behind the stamps of its records, with clocks that differ or were set.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    // No run costs more; a decimal holds it.
    private const double HighestCost = 1e15;

    private readonly Dictionary<string, RecordDetails> _models = new(StringComparer.Ordinal);
    private long _calls;
    private long _skippedLines;

    /// <summary>Reads the calls of a time and later, each directory's in the order of its files' lines.</summary>
    /// <remarks>
    /// Names of models are in their details alone, so that the past takes no place in the present's tables. A line that is no whole record is skipped and counted. A
    /// file that was not written since is not opened.
    /// </remarks>
    /// <param name="since">The time, in UTC ticks; 0: everything.</param>
    /// <exception cref="IOException">A file or directory cannot be read.</exception>
    public IEnumerable<Record> Since(long since)
    {
        foreach (string file in Files(since))
        {
            using FileStream? stream = Open(file);
            if (stream is null)
                continue;

            foreach (Record call in Read(stream, file, since))
            {
                _calls++;
                yield return call;
            }
        }
    }

    /// <summary>What was read, for the log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Budgets go on from '{directory}': {_calls} calls counted{(_skippedLines > 0 ? $", {_skippedLines} lines skipped that are no records" : "")}");

    private string[] Files(long since)
    {
        try
        {
            if (File.Exists(directory))
                throw new IOException("it is a file");
            if (!Directory.Exists(directory))
                return [];

            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
            foreach (string path in Directory.EnumerateFiles(directory, CompactedName.Pattern, options))
            {
                if (CompactedName.Parse(path) is not null && IsRecent(path, since))
                    throw new IOException($"'{path}' is compacted, and only reporting reads that");
            }

            return
            [
                .. Directory.EnumerateFiles(directory, "metrics*.jsonl", options)
                    .Select(path => (Path: path, Directory: Path.GetDirectoryName(path)!, Number: new NumberedName("", NumberedName.Records).NumberOf(path)))
                    .Where(f => f.Number >= 0 && Path.GetFileName(f.Directory) != ".locks")
                    .Where(f => IsRecent(f.Path, since))
                    .OrderBy(f => f.Directory, StringComparer.Ordinal).ThenBy(f => f.Number)
                    .Select(f => f.Path),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(directory, e);
        }
    }

    private static bool IsRecent(string path, long since) => since == 0 || File.GetLastWriteTimeUtc(path).Ticks >= since - ClockTolerance.Ticks;

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            // A writer that keeps its newest files only has deleted it meanwhile.
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    private static IOException Unreadable(string path, Exception e) => new($"A budget cannot go on from '{path}': {e.Message}", e);

    private IEnumerable<Record> Read(FileStream stream, string path, long since)
    {
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
