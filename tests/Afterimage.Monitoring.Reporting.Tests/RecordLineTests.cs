using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>A line has the values of its JSON, in whatever form it is written.</summary>
/// <remarks>Lines in the library's own form are compared with what is expected, all others are parsed. Both must come to the
/// same.</remarks>
public sealed class RecordLineTests
{
    private const int LinesOfEach = 40;

    private static readonly string[] Texts =
        ["m", "", "größe 😀", "\"quoted\" \\ <&'+`>", "line\r\n\tend", "\u0001\u007f\u2028", new('x', 300), "é"];

    private static readonly Dictionary<string, JavaScriptEncoder> Encoders = new(StringComparer.Ordinal)
    {
        ["as the library writes it"] = JavaScriptEncoder.Default,
        ["with few escapes"] = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly string[] FormNames =
        [.. Encoders.Keys, "with white space", "backwards", "with escaped keys", "with foreign keys"];

    public static TheoryData<string, string> Forms
    {
        get
        {
            var forms = new TheoryData<string, string>();
            foreach ((_, string name) in RecordLine.EventNames)
            {
                foreach (string form in FormNames)
                    forms.Add(name, form);
            }

            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_line_in_any_form_has_the_values_of_its_json(string eventName, string form)
    {
        var random = new Random(4711);
        var line = new RecordLine();
        for (int i = 0; i < LinesOfEach; i++)
        {
            string text = Line(eventName, form, random);
            Assert.True(line.TryParse(Encoding.UTF8.GetBytes(text)), text);
            AssertIs(text, line);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_line_that_is_cut_anywhere_is_no_record(string eventName, string form)
    {
        var random = new Random(17);
        var line = new RecordLine();
        byte[] whole = Encoding.UTF8.GetBytes(Line(eventName, form, random).TrimEnd());
        for (int length = 0; length < whole.Length; length++)
            Assert.False(line.TryParse(whole.AsMemory(0, length)), $"{length} bytes of {Encoding.UTF8.GetString(whole)}");

        Assert.True(line.TryParse(whole));
    }

    [Fact]
    public void A_number_is_that_of_its_text()
    {
        var random = new Random(3);
        var line = new RecordLine();
        string[] edges =
        [
            "0", "-0", "0.0", "1e3", "1E-3", "1.5e+10", "0.1", "0.30000000000000004", "123456789012345", "1234567890123456",
            "12345678901234567", "9007199254740993", "0.00001", "1e-5", "4.35", "-4.35", "999999999999999.9", "1.7976931348623157E+308",
            "5e-324", "0.000000000000001", "100000000000000000000", "0.1234567890123456789", "72057594037927945", "2.2250738585072011e-308",
        ];
        string[] any =
        [
            .. edges,
            .. Enumerable.Range(0, 500).Select(_ => random.NextDouble().ToString("R", CultureInfo.InvariantCulture)),
            .. Enumerable.Range(0, 500).Select(_ =>
                ((double)random.NextInt64(1_000_000_000_000) / Math.Pow(10, random.Next(12))).ToString("R", CultureInfo.InvariantCulture)),
            .. Enumerable.Range(0, 500).Select(_ => "-" + random.NextInt64().ToString(CultureInfo.InvariantCulture) + ".5"),
        ];
        foreach (string number in any)
        {
            foreach (string space in (string[])["", " "])
            {
                string text = Point(number, space);
                Assert.True(line.TryParse(Encoding.UTF8.GetBytes(text)), text);
                Assert.Equal(double.Parse(number, CultureInfo.InvariantCulture), line.Number(RecordSchema.Value));
            }
        }
    }

    [Theory]
    [InlineData("01")]
    [InlineData("-01")]
    [InlineData("1.")]
    [InlineData(".1")]
    [InlineData("-")]
    [InlineData("-.1")]
    [InlineData("+1")]
    [InlineData("1.2.3")]
    [InlineData("1e")]
    [InlineData("1e999")]
    [InlineData("0x1")]
    [InlineData("1-2")]
    [InlineData("\"1\"")]
    [InlineData("\"nan\"")]
    [InlineData("\"+Infinity\"")]
    [InlineData("NaN")]
    public void A_text_that_is_no_number_makes_a_line_no_record(string number)
    {
        var line = new RecordLine();
        Assert.False(line.TryParse(Encoding.UTF8.GetBytes(Point(number, ""))));
        Assert.False(line.TryParse(Encoding.UTF8.GetBytes(Point(number, " "))));
    }

    [Theory]
    [InlineData("{\"\\ud83d\":1}")]
    [InlineData("{\"a\":{\"\\ude00\\ud83d\":1}}")]
    [InlineData("{\"a\":[\"\\ud83d\"]}")]
    public void An_object_with_half_of_a_surrogate_pair_makes_a_line_no_record(string tags)
    {
        var line = new RecordLine();
        Assert.False(line.TryParse(Encoding.UTF8.GetBytes(Call[..^1] + $",\"tags\":{tags}}}")));
        Assert.False(line.TryParse(Encoding.UTF8.GetBytes(Call[..^1] + $", \"tags\":{tags}}}")));
    }

    [Theory]
    [InlineData("duration", "0", true)]
    [InlineData("duration", "-0.001", false)]
    [InlineData("duration", "\"Infinity\"", false)]
    [InlineData("cost_usd", "0", true)]
    [InlineData("cost_usd", "999999999999999", true)]
    [InlineData("cost_usd", "1000000000000000", false)]
    [InlineData("cost_usd", "\"Infinity\"", false)]
    [InlineData("prompt_token_count", "0", true)]
    [InlineData("prompt_token_count", "1000000000000000", true)]
    [InlineData("prompt_token_count", "1000000000000001", false)]
    [InlineData("prompt_token_count", "1e3", false)]
    [InlineData("prompt_token_count", "1.0", false)]
    [InlineData("prompt_token_count", "00", false)]
    [InlineData("prompt_token_count", "", false)]
    [InlineData("success", "true", true)]
    [InlineData("success", "false", true)]
    [InlineData("success", "null", false)]
    public void A_value_at_the_end_of_its_range_is_in_it_in_every_form(string key, string value, bool isRecord)
    {
        string text = key is "duration" or "success"
            ? Call.Replace(key == "duration" ? "1.5" : "true", value, StringComparison.Ordinal)
            : Call[..^1] + $",\"{key}\":{value}}}";
        var line = new RecordLine();
        foreach (string form in (string[])[text, text.Replace("\":", "\" : ", StringComparison.Ordinal)])
        {
            Assert.Equal(isRecord, line.TryParse(Encoding.UTF8.GetBytes(form)));
            if (isRecord)
                AssertIs(form, line);
        }
    }

    [Theory]
    [InlineData("{\"model_name\":\"m\"}", "m")]
    [InlineData("{\"model_name\":\"\\u006d \\\"x\\\"\"}", "m \"x\"")]
    [InlineData("{\"a\":\"b\",\"model_name\":\"m\",\"c\":\"d\"}", "m")]
    [InlineData("{\"model_name\":\"\"}", null)]
    [InlineData("{\"a\":[1,\"x\"]}", null)]
    [InlineData("{\"model_name\":7,\"a\":\"b\"}", null)]
    [InlineData("{\"model_name\":{\"x\":\"y\"}}", null)]
    [InlineData("{\"a\":{\"model_name\":\"m\"}}", null)]
    [InlineData("{\"a\":[{\"model_name\":\"m\"},[1,[]]],\"b\":\"c\"}", null)]
    public void The_model_of_a_point_is_the_text_of_that_name_in_its_metadata(string metadata, string? model)
    {
        string text = Point("1", "")[..^1] + $",\"metadata\":{metadata}}}";
        var line = new RecordLine();
        foreach (string form in (string[])[text, text.Replace(",", " , ", StringComparison.Ordinal)])
        {
            Assert.True(line.TryParse(Encoding.UTF8.GetBytes(form)), form);
            Assert.Equal(model, line.Has(RecordSchema.ModelName) ? Encoding.UTF8.GetString(line.Text(RecordSchema.ModelName)) : null);
        }
    }

    [Fact]
    public void What_the_library_would_write_is_canonical_and_no_other_form_is()
    {
        foreach (string number in (string[])["0", "1", "1.25", "0.0001", "123456789012345", "0.30000000000000004"])
            Assert.True(IsCanonical(Point(number, "")), number);
        foreach (string number in (string[])["1.0", "1.250", "0.00001", "1000000000000000", "0.300000000000000040", "-0"])
            Assert.False(IsCanonical(Point(number, "")), number);
        foreach (string value in (string[])["m", "\\u00E9", "\\n", "\\u0022"])
            Assert.Equal(value != "\\u00E9", IsCanonical(Call[..^1] + $",\"model_name\":\"{value}\"}}"));
        foreach (string value in (string[])["", "\\u006d", "é", "<", "'", "\u007f"])
            Assert.False(IsCanonical(Call[..^1] + $",\"model_name\":\"{value}\"}}"), value);
        foreach (string time in (string[])["2026-11-23T14:25:38Z", "2026-11-23T14:25:38.5Z", "2026-11-23T14:25:00Z"])
            Assert.True(IsCanonical(Call.Replace(Time, time, StringComparison.Ordinal)), time);
        foreach (string time in (string[])["2026-11-23T14:25:38.50Z", "2026-11-23T14:25:38+00:00", "2026-11-23T14:25:38.0Z"])
            Assert.False(IsCanonical(Call.Replace(Time, time, StringComparison.Ordinal)), time);
        Assert.True(IsCanonical(Call[..^1] + ",\"tags\":{\"a\":\"b\"}}"));
        Assert.False(IsCanonical(Call[..^1] + ",\"tags\":{\"a\":\"\\n\"}}"));
        Assert.False(IsCanonical(Call[..^1] + ",\"value\":1}"));
        Assert.False(IsCanonical(Call[..^1] + " }"));
        Assert.False(IsCanonical(" " + Call));

        static bool IsCanonical(string text)
        {
            var line = new RecordLine();
            Assert.True(line.TryParse(Encoding.UTF8.GetBytes(text)), text);
            return line.IsCanonical;
        }
    }

    [Theory]
    [InlineData(
        """
        "event":"generation","duration":0,"success":false,"model_name":"m","prompt_token_count":0,"completion_token_count":7,
        "total_token_count":1000000000000000,"cost_usd":0,"unpriced_token_count":12,"finish_reason":"stop","conversation_length":3,
        "time_to_first_token":0.5,"request_model":"r","id":"i","usage_missing":true,"error":"e","tags":{"a":1,"b":null}
        """)]
    [InlineData(
        """
        "event":"evaluation","duration":1.25,"success":true,"cost_usd":0.0125,"evaluator_type":"e","scores":{"a":0.5,"b":"NaN"},
        "feedback":{"a":"f"},"trace_id":"t","span_id":"s"
        """)]
    [InlineData("\"event\":\"metric\",\"metric_name\":\"m\",\"value\":\"NaN\"")]
    [InlineData("\"event\":\"metric\",\"metric_name\":\"m\",\"value\":\"Infinity\"")]
    [InlineData("\"event\":\"metric\",\"metric_name\":\"m\",\"value\":\"-Infinity\",\"metadata\":{\"model_name\":\"m\"}")]
    public void A_line_with_every_type_of_value_is_canonical(string members)
    {
        string text = $"{{\"timestamp\":\"{Time}\",{members.ReplaceLineEndings("")}}}";
        var line = new RecordLine();
        Assert.True(line.TryParse(Encoding.UTF8.GetBytes(text)));
        Assert.True(line.IsCanonical);
        AssertIs(text, line);
    }

    private const string Time = "2026-11-23T14:25:38.1234567Z";

    private const string Call = $$"""{"timestamp":"{{Time}}","event":"generation","duration":1.5,"success":true}""";

    private static string Point(string number, string space) =>
        $$"""{"timestamp":"2026-11-23T14:25:38Z",{{space}}"event":"metric","metric_name":"m","value":{{number}}}""";

    /// <summary>Makes a line of an event with some of its fields.</summary>
    private static string Line(string eventName, string form, Random random)
    {
        RecordEvents @event = RecordLine.EventNames.Single(e => e.Name == eventName).Event;
        JavaScriptEncoder encoder = Encoders.GetValueOrDefault(form, JavaScriptEncoder.Default);
        List<string> members = [];
        foreach (RecordField field in RecordSchema.Fields)
        {
            bool isRequired = (field.Required & @event) != 0;
            if (!isRequired && (!field.IsOf(@event) || random.Next(3) == 0))
                continue;
            string value = field == RecordSchema.Event ? $"\"{eventName}\"" : Value(field, encoder, random, mayBeEmpty: !isRequired);
            string key = form == "with escaped keys"
                ? string.Concat(field.Key.Select((c, i) => i % 3 == 0 ? $"\\u{(int)c:x4}" : c.ToString()))
                : field.Key;
            members.Add($"\"{key}\":{value}");
            if (form == "with foreign keys")
                members.Add($"\"{field.Key}{(random.Next(2) == 0 ? "_" : "\\u005f")}\":{{\"event\":[\"x\",{{\"success\":1}}]}}");
        }

        if (form == "backwards")
            members.Reverse();
        return form == "with white space"
            ? "{ " + string.Join(" ,\t", members.Select(member => member.Replace("\":", "\" : ", StringComparison.Ordinal))) + " } "
            : "{" + string.Join(",", members) + "}";
    }

    private static string Value(RecordField field, JavaScriptEncoder encoder, Random random, bool mayBeEmpty)
    {
        string text = Texts[random.Next(Texts.Length)];
        return field.Type switch
        {
            FieldType.Time => $"\"{new DateTime(random.NextInt64(DateTime.MaxValue.Ticks)):yyyy-MM-ddTHH:mm:ss.FFFFFFF}Z\"",
            FieldType.Count => random.NextInt64((long)Math.Pow(10, random.Next(1, 16))).ToString(CultureInfo.InvariantCulture),
            FieldType.Flag => random.Next(2) == 0 ? "true" : "false",
            FieldType.Seconds or FieldType.Dollars => (random.NextDouble() * 100).ToString("R", CultureInfo.InvariantCulture),
            FieldType.Number => new[] { "1.5", "-2e-7", "0", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"" }[random.Next(6)],
            FieldType.Numbers => """{"a":1.5,"b":"NaN","c":-2}""",
            FieldType.Object => $$"""{"k":"{{encoder.Encode(text)}}","n":{"model_name":"no"},"l":[1,[],{}],"z":null}""",
            _ => $"\"{encoder.Encode(text.Length == 0 && !mayBeEmpty ? "m" : text)}\"",
        };
    }

    /// <summary>Compares a record with what another reader of JSON says of its line.</summary>
    private static void AssertIs(string text, RecordLine line)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement json = document.RootElement;
        Assert.Equal(json.GetProperty("event").GetString(), RecordLine.EventNames.Single(e => e.Event == line.Event).Name);
        foreach (RecordField field in RecordSchema.Fields.Where(field => field.IsOf(line.Event)))
        {
            bool isGiven = json.TryGetProperty(field.Key, out JsonElement value)
                && !(field.Type is FieldType.Name or FieldType.Text && value.GetString() == "");
            Assert.True(isGiven == line.Has(field), $"{field.Key} of {text}");
            if (!isGiven)
                continue;
            switch (field.Type)
            {
                case FieldType.Time:
                    Assert.Equal(value.GetDateTimeOffset().UtcTicks, line.Timestamp);
                    break;
                case FieldType.Count:
                    Assert.Equal(value.GetInt64(), line.Count(field));
                    break;
                case FieldType.Flag:
                    Assert.Equal(value.GetBoolean(), line.Flag(field));
                    break;
                case FieldType.Seconds or FieldType.Dollars or FieldType.Number:
                    Assert.Equal(
                        value.ValueKind == JsonValueKind.Number
                            ? value.GetDouble()
                            : double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
                        line.Number(field));
                    break;
                case FieldType.Object or FieldType.Numbers:
                    Assert.Equal(value.GetRawText(), Encoding.UTF8.GetString(line.Text(field)));
                    break;
                default:
                    Assert.Equal(value.GetString(), Encoding.UTF8.GetString(line.Text(field)));
                    break;
            }
        }
    }
}
