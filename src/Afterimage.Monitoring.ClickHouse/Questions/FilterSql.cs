using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Shipping;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>A filter as conditions in SQL.</summary>
/// <param name="filter">The filter.</param>
/// <param name="database">The database.</param>
internal sealed class FilterSql(FleetFilter filter, string database)
{
    private static readonly DateTime FirstDay = DateTime.UnixEpoch;

    /// <summary>The condition for records.</summary>
    public string Records
    {
        get
        {
            List<string> all = [Lines];
            if (filter.ModelName is { } model)
                all.Add($"model_name = {TabSeparated.Quote(model)}");
            if (filter.Tag is { } tag)
                all.Add(WithTag(tag.Key, tag.Value));
            return string.Join(" AND ", all);
        }
    }

    /// <summary>The condition for lines of any kind: their time and their run.</summary>
    public string Lines
    {
        get
        {
            List<string> all = [LinesOfRuns];
            if (filter.Since is { } since)
                all.Add($"date >= '{Day(since)}' AND ticks >= {Ticks(since)}");
            if (filter.Until is { } until)
                all.Add($"date <= '{Day(until)}' AND ticks < {Ticks(until)}");
            return string.Join(" AND ", all);
        }
    }

    /// <summary>The condition for lines of any kind, whatever their time: their run.</summary>
    public string LinesOfRuns
    {
        get
        {
            string runs = RunsOnly;
            return runs == "1" ? runs : $"run IN (SELECT run FROM {database}.runs WHERE {runs})";
        }
    }

    /// <summary>The condition for rows of the view <c>runs</c>: runs that can have records of that time.</summary>
    public string Runs
    {
        get
        {
            List<string> all = [RunsOnly];
            if (filter.Since is { } since)
                all.Add($"(has_end = 0 OR end >= {Ticks(since)})");
            if (filter.Until is { } until)
                all.Add($"start < {Ticks(until)}");
            return string.Join(" AND ", all);
        }
    }

    private string RunsOnly
    {
        get
        {
            List<string> all = [];
            if (filter.Run is { } run)
                all.Add($"(run = {TabSeparated.Quote(run)} OR name = {TabSeparated.Quote(run)})");
            if (filter.Host is { } host)
                all.Add($"host = {TabSeparated.Quote(host)}");
            if (filter.Service is { } service)
                all.Add($"service = {TabSeparated.Quote(service)}");
            return all.Count == 0 ? "1" : string.Join(" AND ", all);
        }
    }

    /// <summary>Returns the expression for the key of a summary. A call without the key has an empty text; any other begins with
    /// =.</summary>
    public static string KeyOf(SummaryKey key)
    {
        if (key.TagKey is { } tag)
            return $"if({HasTag(tag)}, concat('=', {ValueOfTag(tag)}), '')";
        string column = key == SummaryKey.Model ? "model_name" : key.Name;
        return $"if({column} = '', '', concat('=', {column}))";
    }

    /// <summary>Returns the condition for lines of the runs with these IDs.</summary>
    public static string OfRuns(IEnumerable<string> ids) => $"run IN ({string.Join(", ", ids.Select(TabSeparated.Quote))})";

    /// <summary>Returns the condition for records with a tag.</summary>
    public static string WithTag(string key, string value) => $"{HasTag(key)} AND {ValueOfTag(key)} = {TabSeparated.Quote(value)}";

    /// <summary>Returns a time as the number that the column <c>ticks</c> has.</summary>
    public static string Ticks(DateTimeOffset time) => (time.UtcTicks - FirstDay.Ticks).ToString(CultureInfo.InvariantCulture);

    private static string HasTag(string key) => $"has(tag_keys, {TabSeparated.Quote(key)})";

    private static string ValueOfTag(string key) => $"tag_values[indexOf(tag_keys, {TabSeparated.Quote(key)})]";

    // A date lets servers skip months, and lines beyond all dates have the first or last one.
    private static string Day(DateTimeOffset time) =>
        FirstDay.AddDays(UnitRows.DayOf(time.UtcTicks)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
