using System.Diagnostics;
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
    private readonly bool _wasCancelled;
    private readonly StringBuilder? _outputText;
    private readonly Activity? _activity = Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } current ? current : null;
    private string? _model;
    private string? _id;
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
        _wasCancelled = cancellationToken.IsCancellationRequested;
        _outputText = options.RecordContents ? new StringBuilder() : null;
        if (requestModel is not null)
            SetTag("gen_ai.request.model", requestModel);
        if (server is { IsAbsoluteUri: true })
        {
            SetTag("server.address", server.Host);
            SetTag("server.port", server.Port);
        }

        _scope = monitor.MeasureGeneration(requestModel, provider, operation);
    }

    public int? Turns { get; init; }

    /// <summary>What the call holds of the budgets, if they are enforced. Its record takes its place; disposal returns it where there is
    /// none.</summary>
    public BudgetReservation? Reservation { get; init; }

    /// <summary>Takes what goes wrong with the record.</summary>
    public required CallFaults Faults { get; init; }

    /// <summary>What was sent, for who enriches the record.</summary>
    public object? Request { get; init; }

    /// <summary>The call's options, for who enriches the record.</summary>
    public object? RequestOptions { get; init; }

    /// <summary>Puts the answer together, for who enriches the record.</summary>
    public Func<object?>? Response { get; set; }

    public void SetModel(string? model) => _model = string.IsNullOrEmpty(model) ? _model : model;

    public void SetId(string? id) => _id = string.IsNullOrEmpty(id) ? _id : id;

    public void SetConversation(string? id)
    {
        if (!string.IsNullOrEmpty(id))
            SetTag("gen_ai.conversation.id", id);
    }

    /// <summary>Takes those properties as tags that the options name.</summary>
    public void AddProperties(AdditionalPropertiesDictionary? properties)
    {
        Faults.Try("Reading properties", () =>
        {
            foreach ((string key, object? value) in PropertyTags.Of(properties, _options))
                SetTag(key, value);
        });
    }

    /// <summary>Reads an answer, which the caller gets even if it cannot be read.</summary>
    public void Read(Action action) => Faults.Try("Reading an answer", action);

    public void SetFinishReason(ChatFinishReason? reason) => _finishReason = reason?.Value ?? _finishReason;

    /// <summary>What the call may use, where budgets are enforced: it stands for what a provider does not tell.</summary>
    public BudgetEstimate? Estimate { get; init; }

    public UsageTally Usage => _usage;

    public void AddToolCalls(int count) => _toolCalls += count;

    /// <summary>Sets a tag, in place of one of the same key.</summary>
    public void SetTag(string key, object? value)
    {
        _tags.RemoveAll(tag => tag.Key == key);
        _tags.Add(new KeyValuePair<string, object?>(key, value));
    }

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

    public void Complete() => Track(null, () => _scope.Complete(Details(CallEnd.Whole)));

    public void Fail(Exception exception)
    {
        if (_cancellationToken.IsCancellationRequested && ErrorTypes.IsCancellation(exception))
        {
            Cancel(FinishReasons.Cancelled, exception);
            return;
        }

        string known = ErrorTypes.Of(exception);
        string? named = Faults.Ask(nameof(GenerationMonitorMiddlewareOptions.ErrorType), () => _options.ErrorType?.Invoke(exception));
        string type = string.IsNullOrEmpty(named) ? known : named;
        CallEnd end = known == ErrorTypes.Timeout ? CallEnd.Left : CallEnd.Failed;
        SetTag("error.type", type);
        string? message = _options.RecordContents ? Faults.Ask("Reading an exception", () => exception.Message) : null;
        Track(exception, () => _scope.Fail(string.IsNullOrEmpty(message) ? type : message, Details(end)));
    }

    public void Dispose()
    {
        if (!_isTracked)
            Cancel(_cancellationToken.IsCancellationRequested ? FinishReasons.Cancelled : FinishReasons.Abandoned);
        _scope.Dispose();
        Reservation?.Dispose();
    }

    private void Cancel(string finishReason, Exception? exception = null) =>
        Track(exception, () => _scope.Cancel(Details(_wasCancelled ? CallEnd.Failed : CallEnd.Left) with { FinishReason = finishReason }));

    private void Track(Exception? exception, Action record)
    {
        _isTracked = true;
        Faults.Try(nameof(GenerationMonitorMiddlewareOptions.Enrich), () => Enrich(exception));
        Faults.Try("Recording a call", record);
    }

    private void Enrich(Exception? exception)
    {
        if (_options.Enrich is not { } enrich)
            return;

        var enrichment = new GenerationEnrichment(Request, RequestOptions, Response?.Invoke(), exception, SetTag);
        enrich(enrichment);
        _usage.CacheWriteOneHour = enrichment.CacheWriteOneHourTokenCount;
    }

    private GenerationDetails Details(CallEnd end)
    {
        if (_toolCalls > 0)
            SetTag("tool_call_count", _toolCalls);
        if (_outputChunks > 1)
            SetTag("time_per_output_chunk", ((_lastOutputChunk - _firstOutputChunk) / (_outputChunks - 1)).TotalSeconds);
        if (_outputText is { Length: > 0 })
            SetTag("gen_ai.output.messages", MessageTexts.ToJson([new ChatMessage(ChatRole.Assistant, _outputText.ToString())]));
        return _usage.Fill(Estimate, end, _outputChunks, new GenerationDetails
        {
            RequestModel = _model is not null && _model != _requestModel ? _requestModel : null,
            ModelName = _model,
            Id = _id,
            TraceId = _activity?.TraceId.ToHexString(),
            SpanId = _activity?.SpanId.ToHexString(),
            FinishReason = _finishReason,
            ConversationLength = Turns,
            Tags = _tags,
            Reservation = Reservation,
        });
    }
}
