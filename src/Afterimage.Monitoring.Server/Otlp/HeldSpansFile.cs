using System.Text.Json;
using System.Text.Json.Serialization;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The generations of a sender that were acknowledged but are not recorded yet, on the disk: a server that is killed finds them
/// again. Not safe for several threads.</summary>
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

    /// <summary>Opens the file of a directory, with what it has.</summary>
    /// <exception cref="IOException">It cannot be read, or another server has it.</exception>
    public static HeldSpansFile Open(string directory, bool isSynced, out List<GenerationSpan> spans)
    {
        string path = Path.Combine(directory, Name);
        FileClaim claim = FileClaim.Try(path) ?? throw new IOException($"Another server takes the spans of '{directory}'.");
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

    /// <summary>Adds spans; they survive the end of the process when this returns.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
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
            // A torn line would swallow the next.
            _file.SetLength(before);
            throw;
        }
    }

    /// <summary>Leaves only those that still wait. What else was in it must be recorded and flushed.</summary>
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

    /// <summary>Replaces what is in it.</summary>
    public void Rewrite(IEnumerable<GenerationSpan> spans)
    {
        // Written beside and renamed: whoever is killed meanwhile leaves the old or the new.
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
                // The torn end of a server that was killed before it acknowledged.
            }
        }

        return spans;
    }

    [JsonSerializable(typeof(GenerationSpan))]
    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    private sealed partial class HeldSpanJson : JsonSerializerContext;
}
