using Afterimage.Monitoring;

namespace Afterimage.Cli.Simulation;

/// <summary>Workers that call a simulated chat model, each one call after another, and have some of the answers evaluated, in simulated
/// time.</summary>
/// <remarks>A single event loop runs them, so that a seed always gives the same run.</remarks>
internal sealed class DemoRun
{
    public const int Workers = 8;

    private const int Seed = 20_231_116;

    private readonly Distributions _random = new(Seed);
    private readonly SimulatedChatClient _client;
    private readonly PriorityQueue<Action, (DateTimeOffset Due, long Order)> _events = new();
    private readonly GenerationMonitor _monitor;
    private readonly long _generations;
    private readonly Func<bool> _isSpent;
    private long _started;
    private long _order;
    private long _done;

    /// <param name="monitor">The monitor that records the run.</param>
    /// <param name="generations">The number of calls to make.</param>
    /// <param name="isSpent">Returns whether the run must stop because its budget is spent.</param>
    public DemoRun(GenerationMonitor monitor, long generations, Func<bool> isSpent)
    {
        _client = new SimulatedChatClient(_random);
        _monitor = monitor;
        _generations = generations;
        _isSpent = isSpent;
    }

    /// <summary>Returns the approximate duration of a run in simulated time. A worker needs 4.85 s on average for a call, its evaluation
    /// and the pause, and the run waits for the slowest worker.</summary>
    public static TimeSpan ExpectedLength(long generations) =>
        (TimeSpan.FromSeconds(4.85) * generations / Workers) + TimeSpan.FromSeconds(15);

    public double Progress => (double)Interlocked.Read(ref _done) / _generations;

    public async Task RunAsync(DateTimeOffset start, Pace pace, CancellationToken cancellationToken)
    {
        for (int worker = 0; worker < Workers; worker++)
            Begin(start + TimeSpan.FromSeconds(0.25 * worker));

        while (!_isSpent() && _events.TryDequeue(out Action? happen, out (DateTimeOffset Due, long Order) at))
        {
            await pace.AdvanceToAsync(at.Due, cancellationToken);
            happen();
        }
    }

    private void Begin(DateTimeOffset time)
    {
        if (_started == _generations)
            return;

        bool outage = _started >= _generations * 2 / 5 && _started < _generations * 3 / 5;
        _started++;
        SimulatedModel model = _client.PickModel();
        SimulatedCall call = _client.Call(model, outage);
        At(time + call.Duration, end =>
        {
            _monitor.TrackGeneration(call.Duration, call.Success, call.Details with { Timestamp = end });
            Interlocked.Increment(ref _done);
            if (call.Success && _random.Chance(SimulatedChatClient.EvaluatedShare))
                Evaluate(end, _client.Evaluate(model, call.Details));
            else
                Pause(end);
        });
    }

    private void Evaluate(DateTimeOffset time, SimulatedEvaluation evaluation) =>
        At(
            time + evaluation.Duration,
            end =>
            {
                _monitor.TrackEvaluation(
                    evaluation.Duration,
                    success: true,
                    "simulated-judge",
                    evaluation.Scores,
                    evaluation.Details with
                    {
                        Timestamp = end,
                    });
                Pause(end);
            });

    // During the pause, the worker saves the answer and prepares its next prompt.
    private void Pause(DateTimeOffset time) => Begin(time + TimeSpan.FromSeconds(_random.LogNormal(1, 0.5)));

    private void At(DateTimeOffset time, Action<DateTimeOffset> happen) => _events.Enqueue(() => happen(time), (time, _order++));
}
