using System.Text.Json;
using System.Text.Json.Nodes;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

public sealed class TagValueTests : IDisposable
{
    private readonly MonitorRun _run = new();

    public static TheoryData<object?, string> Values => new()
    {
        { (int[])[1, 2], "[1,2]" },
        { new List<string?> { "a", null }, """["a",null]""" },
        { new Dictionary<string, object?> { ["x"] = 1.5, ["y"] = (bool[])[true] }, """{"x":1.5,"y":[true]}""" },
        { new Dictionary<int, string> { [7] = "seven" }, """{"7":"seven"}""" },
        { JsonDocument.Parse("""{"a":[1,{"b":null}]}""").RootElement, """{"a":[1,{"b":null}]}""" },
        { JsonDocument.Parse("""[1,2]"""), "[1,2]" },
        { JsonDocument.Parse("\"text\"").RootElement, "\"text\"" },
        { JsonDocument.Parse("12").RootElement, "12" },
        { JsonNode.Parse("""{"n":1}"""), """{"n":1}""" },
        { JsonValue.Create(3), "3" },
        { (double[])[double.NaN], """["NaN"]""" },
        { new byte[] { 1, 2, 3 }, "\"AQID\"" },
        { DayOfWeek.Monday, "\"Monday\"" },
        { Array.Empty<int>(), "[]" },
    };

    public void Dispose() => _run.Dispose();

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void A_tag_with_parts_is_written_as_the_JSON_that_it_is(object? value, string json)
    {
        Track(value);

        Assert.Equal(json, Assert.Single(_run.Records()).GetProperty("tags").GetProperty("t").GetRawText());
    }

    [Fact]
    public void A_list_that_changes_later_is_recorded_as_it_was()
    {
        List<int> list = [1];
        Track(list);
        list.Add(2);

        Assert.Equal("[1]", Assert.Single(_run.Records()).GetProperty("tags").GetProperty("t").GetRawText());
    }

    [Fact]
    public void A_sequence_without_an_end_is_cut_and_marked()
    {
        Track(Endless());

        JsonElement[] values = [.. Assert.Single(_run.Records()).GetProperty("tags").GetProperty("t").EnumerateArray()];
        Assert.Equal(1001, values.Length);
        Assert.Equal("…", values[^1].GetString());

        static IEnumerable<int> Endless()
        {
            while (true)
                yield return 0;
        }
    }

    [Fact]
    public void A_list_that_holds_itself_is_cut_and_marked()
    {
        List<object> list = [];
        list.Add(list);
        Track(list);

        Assert.Equal("[[[[[[[[\"\\u2026\"]]]]]]]]", Assert.Single(_run.Records()).GetProperty("tags").GetProperty("t").GetRawText());
    }

    [Fact]
    public void Handlers_are_given_a_tag_with_parts_as_a_JSON_element()
    {
        var records = new InMemoryRecords();
        using (var monitor = new GenerationMonitor(new GenerationMonitorOptions { WriteFiles = false, MetricHandlers = { records } }))
            monitor.TrackGeneration(TimeSpan.Zero, true, new() { Tags = [new("t", (int[])[1])] });

        JsonElement value = Assert.IsType<JsonElement>(Assert.Single(Assert.Single(records.Records).Tags).Value);
        Assert.Equal("[1]", value.GetRawText());
    }

    private void Track(object? value) => _run.Monitor.TrackGeneration(TimeSpan.Zero, true, new() { Tags = [new("t", value)] });
}
