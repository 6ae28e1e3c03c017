using System.Globalization;
using System.Text;
using System.Text.Json;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Settings;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Afterimage.Cli.CommandLine;

/// <summary>Reads settings that a person wrote in a JSON or YAML file.</summary>
internal static class SettingsFile
{
    private const int MaxDepth = 32;
    private const int MaxNodes = 1_000_000;

    /// <summary>Reads settings from a file.</summary>
    /// <param name="path">The file. If its name ends in <c>.yaml</c> or <c>.yml</c>, it is YAML.</param>
    /// <param name="parse">Parses the settings from a JSON text.</param>
    /// <exception cref="InputException">The file cannot be read, or its content is wrong.</exception>
    public static T Read<T>(string path, Func<string, T> parse)
    {
        if (Directory.Exists(path))
            throw new InputException($"'{path}' must be a file, not a directory.");

        try
        {
            string text = SettingsText.ReadFile(path);
            return parse(Path.GetExtension(path).ToUpperInvariant() is ".YAML" or ".YML" ? ToJson(text) : text);
        }
        catch (FormatException exception)
        {
            throw new InputException($"'{path}': {exception.FirstLine()}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"'{path}' cannot be read: {exception.FirstLine()}", exception);
        }
    }

    private static string ToJson(string yaml)
    {
        var stream = new YamlStream();
        try
        {
            CheckDepth(yaml);
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException exception)
        {
            throw new FormatException($"The file is not valid YAML (line {exception.Start.Line}): {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // Some invalid texts fail the parser's own assertions.
            throw new FormatException("The file is not valid YAML.", exception);
        }

        if (stream.Documents.Count != 1)
            throw new FormatException($"The file must contain one document, not {stream.Documents.Count}.");

        using var buffer = new MemoryStream();
        int room = MaxNodes;
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, stream.Documents[0].RootNode, depth: 0, ref room);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    // The reader of the document is recursive, so that deep nesting would overflow its stack.
    private static void CheckDepth(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        int depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;

            // The stream and the document count as levels too.
            if (depth > MaxDepth + 2)
                throw TooDeep();
        }
    }

    private static FormatException TooDeep() => new($"The values must be nested at most {MaxDepth} levels deep.");

    private static void Write(Utf8JsonWriter writer, YamlNode node, int depth, ref int room)
    {
        // An alias can make a node a part of itself, or multiply a few nodes without limit.
        if (depth > MaxDepth)
            throw TooDeep();
        if (--room < 0)
            throw new FormatException("The file must have at most a million values, after its aliases are expanded.");

        switch (node)
        {
            case YamlMappingNode mapping:
                writer.WriteStartObject();
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                {
                    writer.WritePropertyName(
                        key is YamlScalarNode { Value: { } name } ? name : throw new FormatException("A key must be a single value."));
                    Write(writer, value, depth + 1, ref room);
                }

                writer.WriteEndObject();
                break;
            case YamlSequenceNode sequence:
                writer.WriteStartArray();
                foreach (YamlNode item in sequence.Children)
                    Write(writer, item, depth + 1, ref room);
                writer.WriteEndArray();
                break;
            default:
                WriteScalar(writer, (YamlScalarNode)node);
                break;
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, YamlScalarNode scalar)
    {
        bool isPlain = scalar.Style == ScalarStyle.Plain;
        if (isPlain && scalar.Value is null or "" or "~" or "null")
            writer.WriteNullValue();
        else if (isPlain && decimal.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(scalar.Value);
    }
}
