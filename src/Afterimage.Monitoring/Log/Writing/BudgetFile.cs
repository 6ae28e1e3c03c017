using System.Text.Json;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Keeps <c>budgets.json</c> up to date, which tells readers of the log directory what is left of each budget
/// (docs/log-format.md).</summary>
internal sealed class BudgetFile
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly BudgetGuard _budgets;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly SafeTimer _timer;
    private IReadOnlyList<BudgetStatus> _written = [];

    /// <param name="path">The file.</param>
    /// <param name="budgets">The budgets.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="failed">Receives the reason if the file cannot be written. It is tried again.</param>
    public BudgetFile(string path, BudgetGuard budgets, TimeProvider timeProvider, Action<Exception> failed)
    {
        _path = path;
        _budgets = budgets;
        _time = timeProvider;
        _failed = failed;
        _timer = new SafeTimer(timeProvider, Write, failed);
    }

    public void Start()
    {
        Write();
        _timer.Start(Interval, Interval);
    }

    public void Stop() => _timer.Stop();

    /// <summary>Writes the file if a budget has changed since it was written.</summary>
    public void Write()
    {
        lock (_lock)
        {
            IReadOnlyList<BudgetStatus> budgets = _budgets.Statuses;
            if (budgets.SequenceEqual(_written))
                return;

            try
            {
                JsonFile.Replace(_path, writer => Write(writer, budgets));
                _written = budgets;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failed(e);
            }
        }
    }

    private void Write(Utf8JsonWriter writer, IReadOnlyList<BudgetStatus> budgets)
    {
        writer.WriteString("timestamp", _time.GetUtcNow().UtcDateTime);
        writer.WriteStartArray("budgets");
        foreach (BudgetStatus status in budgets)
        {
            Budget budget = status.Budget;
            writer.WriteStartObject();
            writer.WriteString("name", budget.Name);
            writer.WriteString("unit", JsonNamingPolicy.SnakeCaseLower.ConvertName(budget.Unit.ToString()));
            writer.WriteString("period", JsonNamingPolicy.SnakeCaseLower.ConvertName(budget.Period.ToString()));
            writer.WriteString("period_start", status.PeriodStart.UtcDateTime);
            if (budget.ModelName is { } model)
                writer.WriteString("model_name", model);
            if (budget.Tag is { } tag)
            {
                writer.WriteStartObject("tag");
                writer.WriteString("key", tag.Key);
                writer.WriteString("value", tag.Value);
                writer.WriteEndObject();
            }

            writer.WriteNumber("limit", budget.Limit);
            writer.WriteNumber("spent", status.Spent);
            writer.WriteNumber("reserved", status.Reserved);
            writer.WriteNumber("remaining", status.Remaining);
            writer.WriteBoolean("is_spent", status.IsSpent);
            writer.WriteNumber("unpriced_token_count", status.UnpricedTokenCount);
            writer.WriteNumber("usage_missing_count", status.UsageMissingCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
