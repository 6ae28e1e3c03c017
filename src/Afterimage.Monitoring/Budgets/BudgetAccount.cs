using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Budgets;

/// <summary>One budget's present period: what is spent and reserved of it.</summary>
internal sealed class BudgetAccount
{
    // Not the property's default: a configuration adds to a list that is there.
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

    /// <summary>When the present period began, in UTC ticks of the wall clock.</summary>
    public long PeriodStartTicks => _periodStart.Ticks;

    /// <summary>When the present period began, on the line of <see cref="Clock"/>.</summary>
    public long PeriodStartOnLine => _periodStartOnLine;

    public bool IsSpent { get; private set; }

    /// <summary>Whether it is being told of earlier runs, of which everybody has heard already.</summary>
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

    /// <summary>The next value at which something happens.</summary>
    public decimal NextMark => _warned < _warnAt.Length ? Mark(_warned) : _budget.Limit;

    /// <summary>Begins a new period if it is time. Periods do not go back, though the wall clock may.</summary>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="wallOffset">What the wall clock is ahead of the line of <see cref="Clock"/>.</param>
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

    /// <summary>Lets the run begin no later than a time, in UTC ticks of the wall clock.</summary>
    public void BeginRunBy(long time)
    {
        if (_budget.Period != BudgetPeriod.Run || time >= _periodStart.Ticks)
            return;

        _periodStartOnLine -= _periodStart.Ticks - time;
        _periodStart = new DateTime(time, DateTimeKind.Utc);
    }

    /// <summary>Says that it is spent, if it is: nobody was told by the calls of earlier runs.</summary>
    public void TellIfSpent()
    {
        if (IsSpent)
            Tell(BudgetEvent.Spent);
    }

    /// <param name="record">A generation or an evaluation.</param>
    /// <param name="modelName">The model that answered.</param>
    /// <param name="requestModel">The model that was asked for, where it is another.</param>
    /// <param name="isLeft">Whether the caller's side ended it.</param>
    public void Take(in Record record, string modelName, string? requestModel, bool isLeft)
    {
        // What comes late belongs to a period that is over. Not by the wall clock, where the record is not: set back, it would make all
        // that happens late, and free.
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

    /// <summary>What a call would take of it; null where it is none of its business.</summary>
    /// <param name="estimate">What it may use.</param>
    /// <param name="answered">The model that last answered for the estimate's, if any did.</param>
    /// <param name="pricing">The prices, which a budget of dollars has.</param>
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

    // Until somebody has answered, a dated name may be what the plain one stands for.
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
            $"There is no price for the model '{estimate.ModelName}'{(tier is null ? "" : $" of the service tier '{tier}'")}: "
            + "estimate its cost, or add it to the prices.",
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

/// <summary>Something that happened to a budget.</summary>
/// <param name="Status">Where it stood then.</param>
/// <param name="Event">What happened.</param>
/// <param name="Share">Of a warning: the share of the limit that is reached.</param>
internal readonly record struct BudgetNews(BudgetStatus Status, BudgetEvent Event, double Share = 0);
