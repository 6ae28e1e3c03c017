using System.Collections;
using System.Reflection;
using System.Text;

namespace Afterimage.Docs.Tests;

/// <summary>The table of fields in docs/log-format.md is that of the library.</summary>
public sealed class LogFormatTests
{
    private static readonly string Root = typeof(LogFormatTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "Repository")
        .Value!;

    private static readonly Dictionary<string, string> Types = new()
    {
        ["Time"] = "string, a time",
        ["Seconds"] = "number, seconds, not negative",
        ["Count"] = "integer, not negative",
        ["Flag"] = "boolean",
        ["Dollars"] = "number, US dollars, not negative",
        ["Number"] = "number",
        ["Name"] = "string",
        ["Text"] = "string",
        ["Object"] = "object",
        ["Numbers"] = "object with numbers",
    };

    [Fact]
    public void The_table_of_the_log_format_is_the_table_of_the_library()
    {
        // Internal: nobody but the docs needs it from outside.
        Type schema = typeof(GenerationMonitor).Assembly.GetType("Afterimage.Monitoring.Schema.RecordSchema", throwOnError: true)!;
        var fields = (IEnumerable)schema.GetProperty("Fields", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        var table = new StringBuilder("| key | type | events | meaning |\n|---|---|---|---|\n");
        foreach (object field in fields)
        {
            string events = Events(Value(field, "Events"), Value(field, "Required"));
            table.Append($"| `{Value(field, "Key")}` | {Types[$"{Value(field, "Type")}"]} | {events} | {Value(field, "Meaning")} |\n");
        }

        string docs = File.ReadAllText(Path.Combine(Root, "docs", "log-format.md"));
        Assert.True(docs.Contains(table.ToString(), StringComparison.Ordinal), "docs/log-format.md must have this table:\n" + table);
    }

    private static object Value(object field, string property) => field.GetType().GetProperty(property)!.GetValue(field)!;

    private static string Events(object events, object required) =>
        (events, required).ToString() == "(All, All)" ? "all, always"
        : $"{events}" == $"{required}" ? $"{Named(events)}, always"
        : Named(events);

    private static string Named(object events) => $"{events}" switch
    {
        "All" => "all",
        "Calls" => "generation, evaluation",
        { } one => one.ToLowerInvariant(),
    };
}
