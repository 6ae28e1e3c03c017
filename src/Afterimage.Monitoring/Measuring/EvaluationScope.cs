using Afterimage.Monitoring.Measuring;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring;

/// <summary>Times an evaluation and records it once: with its scores when
/// <see cref="Complete(IReadOnlyDictionary{string, double}, in EvaluationDetails)"/> is called, or as failed when the scope is disposed
/// before that.</summary>
/// <inheritdoc cref="GenerationScope" path="/remarks"/>
public readonly struct EvaluationScope : IDisposable
{
    private static readonly Dictionary<string, double> NoScores = [];

    private readonly GenerationMonitor _monitor;
    private readonly Measurement _measurement;
    private readonly int _round;
    private readonly string _evaluatorType;
    private readonly string? _modelName;

    internal EvaluationScope(GenerationMonitor monitor, Measurement measurement, string evaluatorType, string? modelName)
    {
        _monitor = monitor;
        _measurement = measurement;
        _round = measurement.Round;
        _evaluatorType = evaluatorType;
        _modelName = modelName;
    }

    /// <summary>The time since the scope was created, by the monitor's clock.</summary>
    /// <exception cref="InvalidOperationException">The scope is disposed.</exception>
    public TimeSpan Elapsed => Open().Elapsed;

    private bool IsOpen => _measurement is not null && _measurement.Round == _round;

#pragma warning disable RS0026 // Overloads with optional details: the parameters before them tell them apart.
    /// <summary>Records the evaluation as a success that ends now.</summary>
    /// <param name="scores">The scores by name. May be empty.</param>
    /// <param name="details">What else is known. Default: only the scope's model.</param>
    /// <exception cref="ArgumentException">A name is null or empty, or a detail is out of its range. Nothing was recorded.</exception>
    /// <exception cref="InvalidOperationException">The evaluation has already been recorded, or the scope is disposed.</exception>
    public void Complete(IReadOnlyDictionary<string, double> scores, in EvaluationDetails details = default)
    {
        Measurement measurement = Untracked();
        _monitor.TrackEvaluation(measurement.Elapsed, success: true, _evaluatorType, scores, WithModel(details));
        measurement.IsTracked = true;
    }

    /// <inheritdoc cref="Complete(IReadOnlyDictionary{string, double}, in EvaluationDetails)"/>
    public void Complete(IReadOnlyDictionary<string, EvaluationScore> scores, in EvaluationDetails details = default)
    {
        Measurement measurement = Untracked();
        _monitor.TrackEvaluation(measurement.Elapsed, success: true, _evaluatorType, scores, WithModel(details));
        measurement.IsTracked = true;
    }

    /// <summary>Records the evaluation as failed, without scores. A cancellation (<see cref="OperationCanceledException"/>) is not recorded
    /// as an error.</summary>
    /// <param name="exception">The reason. Its message becomes the <see cref="EvaluationDetails.Error"/>, its type the tag
    /// <c>error.type</c>.</param>
    /// <param name="details">What else is known. Default: only the scope's model.</param>
    /// <exception cref="ArgumentException">A detail is out of its range. Nothing was recorded.</exception>
    /// <exception cref="InvalidOperationException">The evaluation has already been recorded, or the scope is disposed.</exception>
    public void Fail(Exception exception, in EvaluationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is OperationCanceledException)
        {
            TrackFailure(details with { Error = null });
            return;
        }

        string type = exception.GetType().ToString();
        TrackFailure(details with
        {
            Error = UserText.MessageOf(exception) is { Length: > 0 } message ? message : type,
            Tags = [.. details.Tags ?? [], KeyValuePair.Create("error.type", (object?)type)],
        });
    }

    /// <summary>Records the evaluation as failed, without scores.</summary>
    /// <param name="error">The reason, which becomes the <see cref="EvaluationDetails.Error"/>.</param>
    /// <inheritdoc cref="Fail(Exception, in EvaluationDetails)"/>
    /// <param name="details"/>
    public void Fail(string error, in EvaluationDetails details = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(error);
        TrackFailure(details with { Error = error });
    }
#pragma warning restore RS0026

    /// <summary>Ends the scope. An evaluation that has not been recorded yet is recorded as failed, with the error
    /// <see cref="GenerationScope.IncompleteError"/>.</summary>
    /// <remarks>After the monitor has been disposed, nothing is recorded; the evaluation is counted in
    /// <see cref="MonitorStatistics.RecordedAfterDisposal"/>.</remarks>
    public void Dispose()
    {
        if (!IsOpen)
            return;

        if (!_measurement.IsTracked)
            Fail(GenerationScope.IncompleteError);

        _measurement.Return();
    }

    internal void CompleteIfOpen()
    {
        if (IsOpen && !_measurement.IsTracked)
            Complete(new Dictionary<string, double>());
    }

    internal void FailIfOpen(Exception exception)
    {
        if (IsOpen && !_measurement.IsTracked)
            Fail(exception);
    }

    private Measurement Open() => IsOpen
        ? _measurement
        : throw new InvalidOperationException("The scope must not be used after its disposal.");

    private Measurement Untracked()
    {
        Measurement measurement = Open();
        return measurement.IsTracked ? throw new InvalidOperationException("The evaluation must not be recorded twice.") : measurement;
    }

    private EvaluationDetails WithModel(in EvaluationDetails details) => details with { ModelName = details.ModelName ?? _modelName };

    private void TrackFailure(in EvaluationDetails details)
    {
        Measurement measurement = Untracked();
        _monitor.TrackEvaluation(measurement.Elapsed, success: false, _evaluatorType, NoScores, WithModel(details));
        measurement.IsTracked = true;
    }
}
