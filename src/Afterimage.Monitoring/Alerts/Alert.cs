using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Something the monitor noticed and announces.</summary>
/// <param name="Name">The rule's name, such as <c>low_success_rate</c>.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Timestamp">When it was evaluated, UTC.</param>
/// <param name="Data">
/// The figures behind it: <c>metric</c>, <c>window_seconds</c>, <c>threshold</c>, <c>count</c>, <c>mean</c>, <c>min</c>, <c>max</c>;
/// <c>aggregate</c> and <c>value</c> where the rule does not compare the mean, <c>confidence</c> and <c>model_name</c> where the rule has
/// them; and <c>resolved</c> = <see langword="true"/> where it announces that the alert is over.
/// </param>
public sealed record Alert(
    string Name,
    string Message,
    AlertLevel Level,
    DateTimeOffset Timestamp,
    IReadOnlyDictionary<string, object?> Data)
{
    /// <summary>Whether it announces that the alert of this name is over: <c>resolved</c> of <see cref="Data"/>.</summary>
    public bool IsResolved => Data.TryGetValue("resolved", out object? resolved) && resolved is true;
}
