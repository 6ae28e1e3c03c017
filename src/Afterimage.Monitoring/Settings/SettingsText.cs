using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Settings;

/// <summary>Reads JSON as people write it: comments and trailing commas are allowed.</summary>
internal static class SettingsText
{
    /// <summary>The maximum size of a file, in bytes. The largest known files, which contain prices, have two million.</summary>
    public const int MaxLength = 64 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // A key that occurs twice would be a setting without effect.
    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    private static readonly JsonReaderOptions ReaderOptions = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Returns the text of a file in UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="FormatException">The file is too long, or is not valid UTF-8.</exception>
    public static string ReadFile(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var content = new MemoryStream();
        byte[] buffer = new byte[81920];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            // A pipe or a device has no length that could be checked beforehand.
            if (content.Length + read > MaxLength)
                throw new FormatException("The file must be at most 64 MiB.");
            content.Write(buffer, 0, read);
        }

        ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException($"The file is not valid UTF-8 (line {LineOf(bytes, e.Index)}).", e);
        }
    }

    /// <exception cref="FormatException">The text is not valid JSON, a key occurs twice, or a text is not valid Unicode.</exception>
    public static JsonDocument Parse(string json)
    {
        byte[] bytes;
        try
        {
            bytes = Strict.GetBytes(json);
        }
        catch (EncoderFallbackException e)
        {
            throw new FormatException($"The text contains half of a surrogate pair (line {LineOf(json, e.Index)}).", e);
        }

        try
        {
            CheckTexts(bytes);
            return JsonDocument.Parse(bytes, Options);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The text is not valid JSON: {e.Message}", e);
        }
    }

    // An escape may represent half of a surrogate pair. Reading such a text throws; here, its position is still known.
    private static void CheckTexts(byte[] json)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
                continue;

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new FormatException(
                    $"The text contains half of a surrogate pair (line {LineOf(json.AsSpan(), (int)reader.TokenStartIndex)}).",
                    e);
            }
        }
    }

    private static string LineOf(ReadOnlySpan<byte> text, int index) =>
        (text[..Math.Max(0, index)].Count((byte)'\n') + 1).ToString(CultureInfo.InvariantCulture);

    private static string LineOf(string text, int index) =>
        (text.AsSpan(0, Math.Max(0, index)).Count('\n') + 1).ToString(CultureInfo.InvariantCulture);
}
