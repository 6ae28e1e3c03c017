using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>One call, from its start to the one record that is made of it.</summary>
/// <remarks>Nothing here may make the call fail: what a provider reports is not trusted, and a monitor that is disposed meanwhile is passed
/// over.</remarks>
internal sealed class MonitoredCall : IDisposable
{
    private readonly GenerationMonitorMiddlewareOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly GenerationScope _scope;
    private readonly List<KeyValuePair<string, object?>> _tags = [];
    private readonly UsageTally _usage = new();
    private readonly string? _requestModel;
    private readonly StringBuilder? _outputText;
    private string? _model;
    private string? _finishReason;
    private int _toolCalls;
    private int _outputChunks;
    private TimeSpan _firstOutputChunk;
    private TimeSpan _lastOutputChunk;
    private bool _isTracked;

    public MonitoredCall(
        GenerationMonitor monitor,
        GenerationMonitorMiddlewareOptions options,
        string operation,
        string? requestModel,
        string? provider,
        Uri? server,
        CancellationToken cancellationToken)
    {
        _options = options;
        _requestModel = requestModel;
        _cancellationToken = cancellationToken;
        _outputText = options.RecordContents ? new StringBuilder() : null;
        if (requestModel is not null)
            AddTag("gen_ai.request.model", requestModel);
        if (server is { IsAbsoluteUri: true })
        {
            AddTag("server.address", server.Host);
            AddTag("server.port", server.Port);
        }

        _scope = monitor.MeasureGeneration(requestModel, provider, operation);
    }

    public int? Turns { get; init; }

    /// <summary>What the call holds of the budgets, if they are enforced. Its record takes its place; disposal returns it where there is
    /// none.</summary>
    public BudgetReservation? Reservation { get; init; }

    public void SetModel(string? model) => _model = model ?? _model;

    public void SetFinishReason(ChatFinishReason? reason) => _finishReason = reason?.Value ?? _finishReason;

    /// <summary>What the call may use, where budgets are enforced: it stands for what a provider does not tell.</summary>
    public BudgetEstimate? Estimate { get; init; }

    public UsageTally Usage => _usage;

    public void AddToolCalls(int count) => _toolCalls += count;

    public void AddTag(string key, object value) => _tags.Add(new KeyValuePair<string, object?>(key, value));

    /// <summary>Keeps a piece of the answer, if contents are recorded.</summary>
    public void AddOutputText(string text) => _outputText?.Append(text);

    public void MarkOutputChunk()
    {
        _lastOutputChunk = _scope.Elapsed;
        if (_outputChunks++ > 0)
            return;

        _firstOutputChunk = _lastOutputChunk;
        _scope.MarkFirstToken();
    }

    public void Complete() => Track(() => _scope.Complete(Details(isWhole: true)));

    public void Fail(Exception exception)
    {
        if (exception is OperationCanceledException && _cancellationToken.IsCancellationRequested)
        {
            Cancel(FinishReasons.Cancelled);
            return;
        }

        string type = _options.ErrorType?.Invoke(exception) is { Length: > 0 } named ? named : DefaultErrorType(exception);
        AddTag("error.type", type);
        Track(() => _scope.Fail(_options.RecordContents && exception.Message.Length > 0 ? exception.Message : type, Details()));
    }

    public void Dispose()
    {
        if (!_isTracked)
            Cancel(_cancellationToken.IsCancellationRequested ? FinishReasons.Cancelled : FinishReasons.Abandoned);
        _scope.Dispose();
        Reservation?.Dispose();
    }

    private static string DefaultErrorType(Exception exception) => exception is HttpRequestException { StatusCode: { } status }
        ? ((int)status).ToString(CultureInfo.InvariantCulture)
        : exception.GetType().ToString();

    private void Cancel(string finishReason) => Track(() => _scope.Cancel(Details() with { FinishReason = finishReason }));

    private void Track(Action record)
    {
        _isTracked = true;
        try
        {
            record();
        }
        catch (ObjectDisposedException)
        {
            // The answer is worth more than its record.
        }
    }

    private GenerationDetails Details(bool isWhole = false)
    {
        if (_toolCalls > 0)
            AddTag("tool_call_count", _toolCalls);
        if (_outputChunks > 1)
            AddTag("time_per_output_chunk", ((_lastOutputChunk - _firstOutputChunk) / (_outputChunks - 1)).TotalSeconds);
        if (_outputText is { Length: > 0 })
            AddTag("gen_ai.output.messages", MessageTexts.ToJson([new ChatMessage(ChatRole.Assistant, _outputText.ToString())]));
        return _usage.Fill(Estimate, isWhole, _outputChunks, new GenerationDetails
        {
            RequestModel = _model is not null && _model != _requestModel ? _requestModel : null,
            ModelName = _model,
            FinishReason = _finishReason,
            ConversationLength = Turns,
            Tags = _tags,
            Reservation = Reservation,
        });
    }
}
