using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Something the monitor noticed and announces.</summary>
public sealed record Alert
{
    /// <summary>The rule's name, such as <c>low_success_rate</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Message { get; init; }

    /// <summary>How grave it is.</summary>
    public required AlertLevel Level { get; init; }

    /// <summary>When it was evaluated, UTC.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The figures behind it: <c>metric</c>, <c>window_seconds</c>, <c>threshold</c>, <c>count</c>, <c>mean</c>, <c>min</c>,
    /// <c>max</c>; <c>aggregate</c> and <c>value</c> where the rule does not compare the mean, <c>confidence</c> and <c>model_name</c>
    /// where the rule has them; and <c>resolved</c> = <see langword="true"/> where it announces that the alert is over.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>Whether it announces that the alert of this name is over: <c>resolved</c> of <see cref="Data"/>.</summary>
    public bool IsResolved => Data.TryGetValue("resolved", out object? resolved) && resolved is true;
}
