using System.Text.Json;
using System.Text.Json.Serialization;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The file of a sender's generations that have been acknowledged but not recorded yet. A server that was killed finds them there
/// when it restarts. Not thread-safe.</summary>
internal sealed partial class HeldSpansFile : IDisposable
{
    public const string Name = "otlp-held.jsonl";

    private const long MinSizeToRewrite = 4 << 20;

    private readonly string _path;
    private readonly bool _isSynced;
    private readonly FileClaim _claim;
    private FileStream? _file;
    private long _sizeAfterRewrite;

    private HeldSpansFile(string path, FileClaim claim, bool isSynced)
    {
        _path = path;
        _claim = claim;
        _isSynced = isSynced;
    }

    /// <summary>Opens the file of a directory and reads its spans.</summary>
    /// <exception cref="IOException">The file cannot be read, or another server has it.</exception>
    public static HeldSpansFile Open(string directory, bool isSynced, out List<GenerationSpan> spans)
    {
        string path = Path.Combine(directory, Name);
        FileClaim claim = FileClaim.Try(path) ?? throw new IOException($"Another server already records the spans of '{directory}'.");
        try
        {
            spans = Read(path);
            return new HeldSpansFile(path, claim, isSynced);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Appends spans. They survive the end of the process when this returns.</summary>
    /// <exception cref="IOException">The spans could not be written.</exception>
    public void Append(IEnumerable<GenerationSpan> spans)
    {
        _file ??= new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete);
        long before = _file.Length;
        try
        {
            Write(_file, spans);
        }
        catch
        {
            // A torn line would swallow the next one.
            _file.SetLength(before);
            throw;
        }
    }

    /// <summary>Keeps only the spans that are still waiting. All others in the file must have been recorded and flushed.</summary>
    public void Keep(int count, Func<IEnumerable<GenerationSpan>> waiting)
    {
        if (_file is null || _file.Length == 0)
            return;
        if (count == 0)
        {
            _file.SetLength(0);
            _sizeAfterRewrite = 0;
        }
        else if (_file.Length > MinSizeToRewrite + (2 * _sizeAfterRewrite))
        {
            Rewrite(waiting());
        }
    }

    /// <summary>Replaces the content of the file.</summary>
    public void Rewrite(IEnumerable<GenerationSpan> spans)
    {
        // Write to a temporary file and rename it: a process that is killed in the meantime leaves either the old file or the new one.
        string written = _path + ".tmp";
        var file = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
        try
        {
            Write(file, spans);
            File.Move(written, _path, overwrite: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        _file?.Dispose();
        _file = file;
        _sizeAfterRewrite = file.Length;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _claim.Dispose();
    }

    private void Write(FileStream file, IEnumerable<GenerationSpan> spans)
    {
        using var lines = new MemoryStream();
        foreach (GenerationSpan span in spans)
        {
            JsonSerializer.Serialize(lines, span, HeldSpanJson.Default.GenerationSpan);
            lines.WriteByte((byte)'\n');
        }

        file.Write(lines.GetBuffer(), 0, (int)lines.Length);
        file.Flush(_isSynced);
    }

    private static List<GenerationSpan> Read(string path)
    {
        List<GenerationSpan> spans = [];
        if (!File.Exists(path))
            return spans;
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                if (JsonSerializer.Deserialize(line, HeldSpanJson.Default.GenerationSpan) is { Key.IsValid: true } span)
                    spans.Add(span);
            }
            catch (JsonException)
            {
                // The torn end was written by a server that was killed before it acknowledged the spans.
            }
        }

        return spans;
    }

    [JsonSerializable(typeof(GenerationSpan))]
    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    private sealed partial class HeldSpanJson : JsonSerializerContext;
}
