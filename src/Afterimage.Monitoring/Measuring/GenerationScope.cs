using Afterimage.Monitoring.Measuring;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring;

/// <summary>Times a generation and records it once: with the outcome given by <see cref="Complete"/>,
/// <see cref="Fail(Exception, in GenerationDetails)"/> or <see cref="Cancel"/>, or as failed when the scope is disposed before
/// that.</summary>
/// <remarks>
/// <para>A scope cannot see an exception that leaves it, so the generation counts as failed until the scope is given another outcome. Make
/// <see cref="Complete"/> the last statement inside the scope. To record the reason for a failure, catch the exception and pass it to
/// <see cref="Fail(Exception, in GenerationDetails)"/>, or use
/// <see cref="GenerationMonitor.MeasureAsync{TResult}(Func{GenerationScope, Task{TResult}}, string?, string?, string?)"/>, which does
/// so.</para>
/// <para>A scope may live across an <c>await</c>, be copied, and be passed on; all copies are the same scope. It must not be used by two
/// threads at once. It allocates nothing.</para>
/// </remarks>
public readonly struct GenerationScope : IDisposable
{
    /// <summary>The error of a generation whose scope was disposed without an outcome, usually because of an exception.</summary>
    public const string IncompleteError = "incomplete";

    private readonly GenerationMonitor _monitor;
    private readonly Measurement _measurement;
    private readonly int _round;
    private readonly string? _modelName;
    private readonly string? _provider;
    private readonly string? _operation;

    internal GenerationScope(GenerationMonitor monitor, Measurement measurement, string? modelName, string? provider, string? operation)
    {
        _monitor = monitor;
        _measurement = measurement;
        _round = measurement.Round;
        _modelName = modelName;
        _provider = provider;
        _operation = operation;
    }

    /// <summary>The time since the scope was created, by the monitor's clock.</summary>
    /// <exception cref="InvalidOperationException">The scope is disposed.</exception>
    public TimeSpan Elapsed => Open().Elapsed;

    private bool IsOpen => _measurement is not null && _measurement.Round == _round;

    /// <summary>Marks the arrival of the answer's first token, which sets <see cref="GenerationDetails.TimeToFirstToken"/>. Only the first
    /// call counts.</summary>
    /// <exception cref="InvalidOperationException">The scope is disposed.</exception>
    public void MarkFirstToken() => Open().MarkFirstToken();

    /// <summary>Records the generation as a success that ends now.</summary>
    /// <param name="details">What else is known. If it does not give the model, provider, operation or time to first token, the scope's
    /// values are used. Default: nothing.</param>
    /// <exception cref="ArgumentException">A detail is out of its range. Nothing was recorded.</exception>
    /// <exception cref="InvalidOperationException">The generation has already been recorded, or the scope is disposed.</exception>
    public void Complete(in GenerationDetails details = default) => Track(success: true, details);

#pragma warning disable RS0026 // Two overloads with optional details: exception and text are no base of each other.
    /// <summary>Records the generation as failed. A cancellation (<see cref="OperationCanceledException"/>) is recorded as by
    /// <see cref="Cancel"/>.</summary>
    /// <param name="exception">The reason. Its message becomes the <see cref="GenerationDetails.Error"/>, its type the tag
    /// <c>error.type</c>.</param>
    /// <inheritdoc cref="Complete"/>
    /// <param name="details"/>
    public void Fail(Exception exception, in GenerationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is OperationCanceledException)
        {
            Cancel(details);
            return;
        }

        string type = exception.GetType().ToString();
        Track(success: false, details with
        {
            Error = UserText.MessageOf(exception) is { Length: > 0 } message ? message : type,
            Tags = [.. details.Tags ?? [], KeyValuePair.Create("error.type", (object?)type)],
        });
    }

    /// <summary>Records the generation as failed.</summary>
    /// <param name="error">The reason, which becomes the <see cref="GenerationDetails.Error"/>.</param>
    /// <inheritdoc cref="Complete"/>
    /// <param name="details"/>
    public void Fail(string error, in GenerationDetails details = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(error);
        Track(success: false, details with { Error = error });
    }
#pragma warning restore RS0026

    /// <summary>Records the generation as ended by the caller, which is neither a success nor an error.</summary>
    /// <remarks>The finish reason is that of <paramref name="details"/>; if it has none, <see cref="FinishReasons.Cancelled"/>.</remarks>
    /// <inheritdoc cref="Complete"/>
    /// <param name="details"/>
    public void Cancel(in GenerationDetails details = default) =>
        Track(success: false, details with { Error = null, FinishReason = details.FinishReason ?? FinishReasons.Cancelled });

    /// <summary>Ends the scope. A generation that has not been recorded yet is recorded as failed, with the error
    /// <see cref="IncompleteError"/>.</summary>
    /// <remarks>After the monitor has been disposed, nothing is recorded; the generation is counted in
    /// <see cref="MonitorStatistics.RecordedAfterDisposal"/>.</remarks>
    public void Dispose()
    {
        if (!IsOpen)
            return;

        if (!_measurement.IsTracked)
            Fail(IncompleteError);

        _measurement.Return();
    }

    internal void CompleteIfOpen()
    {
        if (IsOpen && !_measurement.IsTracked)
            Complete();
    }

    internal void FailIfOpen(Exception exception)
    {
        if (IsOpen && !_measurement.IsTracked)
            Fail(exception);
    }

    private Measurement Open() => IsOpen
        ? _measurement
        : throw new InvalidOperationException("The scope must not be used after its disposal.");

    private void Track(bool success, in GenerationDetails details)
    {
        Measurement measurement = Open();
        if (measurement.IsTracked)
            throw new InvalidOperationException("The generation must not be recorded twice.");

        _monitor.TrackGeneration(measurement.Elapsed, success, details with
        {
            ModelName = details.ModelName ?? _modelName,
            Provider = details.Provider ?? _provider,
            Operation = details.Operation ?? _operation,
            TimeToFirstToken = details.TimeToFirstToken ?? measurement.TimeToFirstToken,
        });
        measurement.IsTracked = true;
    }
}
