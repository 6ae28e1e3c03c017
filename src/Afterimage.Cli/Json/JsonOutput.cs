using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Cli.CommandLine;

namespace Afterimage.Cli.Json;

/// <summary>Prints the output for <c>--json</c>: one object, on one line of standard output.</summary>
internal static class JsonOutput
{
    // Names stay readable, because the output is not HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="writeProperties">Writes the properties of the object.</param>
    public static void Write(Action<Utf8JsonWriter> writeProperties)
    {
        using var output = new StandardOutput();
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writeProperties(writer);
            writer.WriteEndObject();
        }

        output.Write("\n"u8);
    }
}
