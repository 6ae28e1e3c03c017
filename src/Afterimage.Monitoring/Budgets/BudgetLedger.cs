using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Budgets;

/// <summary>Keeps the budgets: counts each call once, when it is taken into memory, and grants reservations of what is left.</summary>
/// <remarks>
/// Every member is called under the recorder's lock, with all records applied. A call that was recorded before its reservation was released
/// is therefore counted before anybody can reserve the released amount, so that nothing is granted twice. A record with a reservation
/// replaces it in one step, so that nothing is held twice either. No user code is called from here.
/// </remarks>
#pragma warning disable CA1001 // The token outlives the monitor in the hands of its users; a source without timer and wait handle holds
// nothing to dispose.
internal sealed class BudgetLedger : IRecordReducer
#pragma warning restore CA1001
{
    private readonly BudgetAccount[] _accounts;
    private readonly Names _names;
    private readonly Clock _clock;
    private readonly ModelPricing? _pricing;
    private readonly TimeSpan _reservationTimeout;
    private readonly IRecordReducer _next;
    private readonly Action<BudgetNews> _tell;
    private readonly int _answersLimit;

    // By requested name, the model that answered last.
    private readonly Dictionary<string, string> _answers = new(StringComparer.Ordinal);

    // All have the same time-out, so that the first is the first to expire.
    private readonly LinkedList<BudgetReservation> _reservations = new();
    private CancellationTokenSource _whileNotSpent = new();

    /// <param name="budgets">The budgets.</param>
    /// <param name="pricing">The prices, which budgets in dollars need.</param>
    /// <param name="reservationTimeout">The time after which a reservation expires.</param>
    /// <param name="answersLimit">The maximum number of requested names for which the answering model is remembered.</param>
    /// <param name="names">The names of records.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="next">The reducer that records are passed on to.</param>
    /// <param name="tell">Receives the events of budgets.</param>
    public BudgetLedger(
        IEnumerable<Budget> budgets,
        ModelPricing? pricing,
        TimeSpan reservationTimeout,
        int answersLimit,
        Names names,
        Clock clock,
        IRecordReducer next,
        Action<BudgetNews> tell)
    {
        _names = names;
        _clock = clock;
        _pricing = pricing;
        _reservationTimeout = reservationTimeout;
        _next = next;
        _tell = tell;
        _answersLimit = answersLimit;
        _accounts = [.. budgets.Select(Open)];
    }

    /// <summary>A token that is cancelled while a budget is spent.</summary>
    public CancellationToken Token => _whileNotSpent.Token;

    public IReadOnlyList<BudgetStatus> Statuses => [.. _accounts.Select(a => a.Status)];

    /// <summary>The time from now until the passing of time alone causes an event; null: never.</summary>
    public TimeSpan? NextMark
    {
        get
        {
            TimeSpan? next = null;
            foreach (BudgetAccount account in _accounts.Where(a => a.Budget.Unit == BudgetUnit.WallTime && !a.IsSpent))
            {
                // A tick late rather than early: if it were early, nothing would have happened yet.
                TimeSpan due =
                    new TimeSpan(account.PeriodStartOnLine + (long)Math.Ceiling(account.NextMark * TimeSpan.TicksPerSecond))
                    - new TimeSpan(_clock.Now);
                if (next is null || due < next)
                    next = due;
            }

            return next < TimeSpan.Zero ? TimeSpan.Zero : next;
        }
    }

    /// <summary>Counts what earlier runs have used, without announcing events; <see cref="TellSpent"/> announces budgets that they have
    /// spent. A second call starts counting again.</summary>
    /// <param name="budgets">The budgets to resume.</param>
    /// <param name="read">Passes on the generations and evaluations since a time, in wall-clock UTC ticks, some at a time.</param>
    public void Resume(IReadOnlyCollection<Budget> budgets, Action<long, Action<ReadOnlySpan<Record>>> read)
    {
        for (int i = 0; i < _accounts.Length; i++)
        {
            if (budgets.Contains(_accounts[i].Budget))
                _accounts[i] = Open(_accounts[i].Budget);
        }

        BudgetAccount[] accounts = [.. _accounts.Where(a => budgets.Contains(a.Budget))];
        long since = accounts.Min(a => a.Budget.Period == BudgetPeriod.Run ? 0 : a.PeriodStartTicks);

        // Budgets that do not resume are included: time passes in the meantime, and nobody listens yet.
        foreach (BudgetAccount account in _accounts)
            account.IsResuming = true;
        read(since, calls =>
        {
            foreach (ref readonly Record call in calls)
                CountAgain(call, accounts);
        });
        Refresh();
        foreach (BudgetAccount account in _accounts)
            account.IsResuming = false;
    }

    private void CountAgain(in Record call, BudgetAccount[] accounts)
    {
        Record priced = call;
        string? requestModel = RequestModel(call);
        if (_pricing is not null && !call.Has(RecordFields.Cost | RecordFields.Unpriced))
            RecordPricing.Price(ref priced, _pricing.Find(call.Details?.ModelName, requestModel));
        string modelName = ModelName(call);
        bool isLeft = IsLeft(call);
        Learn(call, modelName);
        foreach (BudgetAccount account in accounts)
        {
            account.BeginRunBy(Math.Max(0, call.Timestamp - call.Duration));
            account.Take(priced, modelName, requestModel, isLeft);
        }
    }

    /// <summary>Announces the budgets that are spent.</summary>
    public void TellSpent()
    {
        foreach (BudgetAccount account in _accounts)
            account.TellIfSpent();
    }

    public void Apply(Span<Record> records)
    {
        RollPeriods();
        foreach (ref Record record in records)
        {
            if (record.Kind is not (RecordKind.Generation or RecordKind.Evaluation))
                continue;

            MissingUsage.Fill(ref record);
            if (record.Details?.Reservation is { } reservation)
                Release(reservation);
            string modelName = ModelName(record);
            string? requestModel = RequestModel(record);
            bool isLeft = IsLeft(record);
            Learn(record, modelName);
            foreach (BudgetAccount account in _accounts)
                account.Take(record, modelName, requestModel, isLeft);
        }

        UpdateToken();
        _next.Apply(records);
    }

    /// <summary>Updates the budgets to the current time.</summary>
    public void Refresh()
    {
        RollPeriods();
        foreach (BudgetAccount account in _accounts.Where(a => a.Budget.Unit == BudgetUnit.WallTime))
            account.SetSpent((decimal)(_clock.Now - account.PeriodStartOnLine) / TimeSpan.TicksPerSecond);
        while (_reservations.First is { } oldest && oldest.Value.Expiry <= Now)
            Release(oldest.Value);
        UpdateToken();
    }

    /// <param name="estimate">The most that the call may use.</param>
    /// <param name="release">Called when the reservation is disposed.</param>
    /// <param name="refusedBy">The budget that has no room; null if the reservation was granted.</param>
    /// <exception cref="ArgumentException">A budget is in dollars, and the estimate has no known price.</exception>
    public BudgetReservation? TryReserve(in BudgetEstimate estimate, Action<BudgetReservation> release, out BudgetStatus? refusedBy)
    {
        refusedBy = null;
        Refresh();
        decimal[] amounts = new decimal[_accounts.Length];
        string? answered = estimate.ModelName is { } asked ? _answers.GetValueOrDefault(asked) : null;
        for (int i = 0; i < _accounts.Length; i++)
        {
            if (_accounts[i].Need(estimate, answered, _pricing) is not { } need)
                continue;
            if (!_accounts[i].HasRoomFor(need))
            {
                refusedBy = _accounts[i].Status;
                return null;
            }

            amounts[i] = need;
        }

        for (int i = 0; i < _accounts.Length; i++)
            _accounts[i].Reserved += amounts[i];
        TimeSpan expiry = _reservationTimeout < TimeSpan.MaxValue - Now ? Now + _reservationTimeout : TimeSpan.MaxValue;
        var reservation = new BudgetReservation(amounts, expiry, release) { Estimate = estimate };
        reservation.Place = _reservations.AddLast(reservation);
        return reservation;
    }

    public void Release(BudgetReservation reservation)
    {
        // A reservation that has already been released is in no list; one of another monitor is in that monitor's list.
        if (reservation.Place is not { } place || place.List != _reservations)
            return;

        _reservations.Remove(place);
        reservation.Place = null;
        for (int i = 0; i < _accounts.Length; i++)
            _accounts[i].Reserved -= reservation.Amounts[i];
    }

    private BudgetAccount Open(Budget budget) => new(budget, WallTime, _tell);

    private TimeSpan Now => new(_clock.Now);

    private DateTime WallTime => new(_clock.Now + _clock.WallOffset, DateTimeKind.Utc);

    private void RollPeriods()
    {
        DateTime now = WallTime;
        foreach (BudgetAccount account in _accounts)
            account.Roll(now, _clock.WallOffset);
    }

    private void UpdateToken()
    {
        // When the budget of one tenant is spent, the others continue.
        bool isSpent = _accounts.Any(a => a.IsSpent && a.Budget.Tag is null);
        if (isSpent && !_whileNotSpent.IsCancellationRequested)
            _ = _whileNotSpent.CancelAsync();
        else if (!isSpent && _whileNotSpent.IsCancellationRequested)
            _whileNotSpent = new CancellationTokenSource();
    }

    private static string? RequestModel(in Record record) => RecordExtras.Text(record.Details?.Extras, RecordSchema.RequestModel);

    private void Learn(in Record record, string modelName)
    {
        if (
            record.ModelId != NameTable.None
            && RequestModel(record) is { } asked
            && (_answers.Count < _answersLimit || _answers.ContainsKey(asked)))
            _answers[asked] = modelName;
    }

    /// <summary>Returns whether the caller ended the call.</summary>
    private bool IsLeft(in Record record)
    {
        if (record.FinishReasonId == NameTable.None || record.Has(RecordFields.Success | RecordFields.Error))
            return false;
        string? reason =
            record.FinishReasonId == NameTable.Overflow ? record.Details?.FinishReason : _names.FinishReasons[record.FinishReasonId];
        return reason is FinishReasons.Cancelled or FinishReasons.Abandoned;
    }

    private string ModelName(in Record record) => record.ModelId switch
    {
        NameTable.None => Names.UnknownModelName,
        NameTable.Overflow => record.Details?.ModelName ?? GenerationMonitorOptions.OverflowName,
        var id => _names.Models[id],
    };
}
