using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Budgets;

/// <summary>The spent and reserved amounts of one budget in its present period.</summary>
internal sealed class BudgetAccount
{
    // This is not the property's default, because configuration adds to an existing list.
    private static readonly double[] DefaultWarnings = [0.5, 0.8, 0.95];

    private readonly Budget _budget;
    private readonly double[] _warnAt;
    private readonly Action<BudgetNews> _tell;
    private DateTime _periodStart;
    private long _periodStartOnLine;
    private decimal _spent;
    private long _unpricedTokens;
    private long _usageMissing;
    private int _warned;

    public BudgetAccount(Budget budget, DateTime now, Action<BudgetNews> tell)
    {
        _budget = budget;
        _warnAt = [.. (budget.WarnAt ?? DefaultWarnings).Distinct().Order()];
        _tell = tell;
        _periodStart = budget.Period == BudgetPeriod.Run ? now : PeriodStart(budget.Period, now);
        _periodStartOnLine = _periodStart.Ticks;
    }

    public Budget Budget => _budget;

    /// <summary>The start of the present period, in UTC ticks of the wall clock.</summary>
    public long PeriodStartTicks => _periodStart.Ticks;

    /// <summary>The start of the present period, on the timeline of <see cref="Clock"/>.</summary>
    public long PeriodStartOnLine => _periodStartOnLine;

    public bool IsSpent { get; private set; }

    /// <summary>Whether calls of earlier runs are being counted. Their events have already been announced.</summary>
    public bool IsResuming { private get; set; }

    public decimal Reserved { get; set; }

    public BudgetStatus Status => new()
    {
        Budget = _budget,
        Spent = _spent,
        Reserved = Reserved,
        IsSpent = IsSpent,
        PeriodStart = _periodStart,
        UnpricedTokenCount = _unpricedTokens,
        UsageMissingCount = _usageMissing,
    };

    /// <summary>The next value at which an event occurs.</summary>
    public decimal NextMark => _warned < _warnAt.Length ? Mark(_warned) : _budget.Limit;

    /// <summary>Begins a new period if it is due. Periods never go back, even if the wall clock does.</summary>
    /// <param name="now">The wall-clock time.</param>
    /// <param name="wallOffset">The difference between the wall clock and the timeline of <see cref="Clock"/>.</param>
    public void Roll(DateTime now, long wallOffset)
    {
        if (_budget.Period == BudgetPeriod.Run || PeriodStart(_budget.Period, now) is var start && start <= _periodStart)
            return;

        bool wasSpent = IsSpent;
        _periodStart = start;
        _periodStartOnLine = start.Ticks - wallOffset;
        _spent = 0;
        _unpricedTokens = 0;
        _usageMissing = 0;
        _warned = 0;
        IsSpent = false;
        if (wasSpent)
            Tell(BudgetEvent.Renewed);
    }

    /// <summary>Moves the start of the run back to a time, in UTC ticks of the wall clock, if it is later.</summary>
    public void BeginRunBy(long time)
    {
        if (_budget.Period != BudgetPeriod.Run || time >= _periodStart.Ticks)
            return;

        _periodStartOnLine -= _periodStart.Ticks - time;
        _periodStart = new DateTime(time, DateTimeKind.Utc);
    }

    /// <summary>Announces that the budget is spent, if it is: the calls of earlier runs were counted silently.</summary>
    public void TellIfSpent()
    {
        if (IsSpent)
            Tell(BudgetEvent.Spent);
    }

    /// <param name="record">A generation or an evaluation.</param>
    /// <param name="modelName">The model that answered.</param>
    /// <param name="requestModel">The model that was requested, if it is another.</param>
    /// <param name="isLeft">Whether the caller ended it.</param>
    public void Take(in Record record, string modelName, string? requestModel, bool isLeft)
    {
        // A late record belongs to a period that is over. If its time is not wall-clock time, it is not compared with the wall clock: if
        // that clock were set back, every record would be late, and so cost nothing.
        bool isLate = record.Timestamp < (record.Has(RecordFields.GivenTimestamp) ? _periodStart.Ticks : _periodStartOnLine);
        if (
            (isLate && _budget.Period != BudgetPeriod.Run)
            || (_budget.ModelName is { } only && only != modelName && only != requestModel)
            || (_budget.Tag is { } tag && !RecordTags.Has(record.Details?.Tags, tag)))
            return;

        if (_budget.Unit is BudgetUnit.Tokens or BudgetUnit.Dollars && record.IsUsageMissing && _usageMissing++ == 0)
            Tell(BudgetEvent.UsageMissing);

        switch (_budget.Unit)
        {
            case BudgetUnit.Tokens:
                Spend(CallTokens.Total(record));
                break;
            case BudgetUnit.Dollars when record.Has(RecordFields.Cost):
                Spend((decimal)record.Value);
                break;
            case BudgetUnit.Dollars when record.Has(RecordFields.Unpriced) && record.Value > 0:
                bool isFirst = _unpricedTokens == 0;
                _unpricedTokens = SaturatingSum.Of(_unpricedTokens, (long)record.Value);
                if (isFirst)
                    Tell(BudgetEvent.Unpriced);
                break;
            case BudgetUnit.Generations when record.Kind == RecordKind.Generation:
                Spend(1);
                break;
            case BudgetUnit.ConsecutiveFailures when record.Kind == RecordKind.Generation && !isLeft:
                SetSpent(record.Has(RecordFields.Success) ? 0 : _spent + 1);
                break;
            default:
                break;
        }
    }

    public void SetSpent(decimal spent)
    {
        _spent = spent;
        while (_warned < _warnAt.Length && spent >= Mark(_warned))
            Tell(BudgetEvent.Warning, _warnAt[_warned++]);
        if (IsSpent || spent < _budget.Limit)
            return;

        IsSpent = true;
        Tell(BudgetEvent.Spent);
    }

    /// <summary>Returns what a call would use of the budget; null if the budget does not apply to it.</summary>
    /// <param name="estimate">The most that the call may use.</param>
    /// <param name="answered">The model that last answered for the model of the estimate, if any did.</param>
    /// <param name="pricing">The prices. Not null if the budget is in dollars.</param>
    public decimal? Need(in BudgetEstimate estimate, string? answered, ModelPricing? pricing)
    {
        if (_budget.Tag is { } tag && !RecordTags.Has(estimate.Tags, tag))
            return null;
        if (_budget.ModelName is { } only && !Holds(only, estimate.ModelName ?? Names.UnknownModelName, answered))
            return null;

        return _budget.Unit switch
        {
            BudgetUnit.Tokens => (decimal)estimate.PromptTokenCount + estimate.CompletionTokenCount,
            BudgetUnit.Dollars => estimate.CostUsd ?? Cost(estimate, answered, pricing!),
            BudgetUnit.Generations => 1,
            _ => 0,
        };
    }

    public bool HasRoomFor(decimal need) =>
        !IsSpent && (need > 0 ? _spent + Reserved + need <= _budget.Limit : _spent + Reserved < _budget.Limit);

    // Until a call has been answered, the plain name may stand for the dated one.
    private static bool Holds(string only, string asked, string? answered) =>
        only == asked || (answered is null ? ModelNames.MayBeOne(only, asked) : only == answered);

    private static decimal Cost(in BudgetEstimate estimate, string? answered, ModelPricing pricing)
    {
        if (estimate.PromptTokenCount == 0 && estimate.CompletionTokenCount == 0)
            return 0;
        var tokens = new CallTokens { Prompt = estimate.PromptTokenCount, Completion = estimate.CompletionTokenCount };
        string? tier = ServiceTier.Of(estimate.Tags);
        if (pricing.Find(answered, estimate.ModelName)?.Cost(tokens, tier) is { } dollars)
            return dollars;
        throw new ArgumentException(
            $"There is no price for the model '{estimate.ModelName}'{(tier is null ? "" : $" of the service tier '{tier}'")}. "
            + "Estimate its cost, or add the model to the prices.",
            nameof(estimate));
    }

    private static DateTime PeriodStart(BudgetPeriod period, DateTime now) => period switch
    {
        BudgetPeriod.Hour => now.Date.AddHours(now.Hour),
        BudgetPeriod.Day => now.Date,
        BudgetPeriod.Week => now.Date.AddDays(-(((int)now.DayOfWeek + 6) % 7)),
        _ => new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Utc),
    };

    private void Tell(BudgetEvent news, double share = 0)
    {
        if (!IsResuming)
            _tell(new BudgetNews(Status, news, share));
    }

    private decimal Mark(int warning) => (decimal)_warnAt[warning] * _budget.Limit;

    private void Spend(decimal amount) => SetSpent(_spent + amount);
}

internal enum BudgetEvent
{
    Warning,
    Spent,
    Renewed,
    Unpriced,
    UsageMissing,
}

/// <summary>An event of a budget.</summary>
/// <param name="Status">The status of the budget at that time.</param>
/// <param name="Event">The kind of event.</param>
/// <param name="Share">For a warning: the share of the limit that has been reached.</param>
internal readonly record struct BudgetNews(BudgetStatus Status, BudgetEvent Event, double Share = 0);
