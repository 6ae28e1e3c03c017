using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Maps the attributes of spans to records: decides which span is a generation, and which of its attributes each field comes
/// from.</summary>
internal sealed class SpanMapping(OtlpItem item)
{
    private const int MaxTextLength = 512;
    private const int MaxErrorLength = 200;

    /// <summary>The conventions' name for an error of unknown type.</summary>
    private const string OtherError = "_OTHER";

    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(366);

    private static readonly byte[][] Generating =
    [
        .. new[] { "chat", "text_completion", "completion", "generate_content", "generate", "embeddings" }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly TextCache _texts = new();
    private string? _serviceVersion;
    private string? _environment;
    private string? _scope;

    /// <summary>Returns the sender of an item that is a resource.</summary>
    public SenderId TakeResource()
    {
        _serviceVersion = Text(AttributeFields.ServiceVersion);
        _environment = Text(AttributeFields.Environment);
        _scope = null;
        return new SenderId(Text(AttributeFields.ServiceName) ?? SenderId.UnknownService, Text(AttributeFields.ServiceInstance));
    }

    public void TakeScope(ReadOnlySpan<byte> name) => _scope = name.IsEmpty ? null : Cut(name, MaxTextLength);

    /// <summary>Returns whether the item is a generation, by the first rule that applies. Usage is no criterion, because spans above
    /// generations carry the sum of those below.</summary>
    public bool IsGeneration()
    {
        if (item.Has(AttributeFields.OpenInferenceKind))
        {
            ReadOnlySpan<byte> kind = item.Text(AttributeFields.OpenInferenceKind);
            return Ascii.EqualsIgnoreCase(kind, "LLM"u8) || Ascii.EqualsIgnoreCase(kind, "EMBEDDING"u8);
        }

        if (item.Has(AttributeFields.VercelOperation))
        {
            ReadOnlySpan<byte> operation = item.Text(AttributeFields.VercelOperation);
            return operation.EndsWith(".doGenerate"u8) || operation.EndsWith(".doStream"u8) || operation.EndsWith(".doEmbed"u8);
        }

        if (item.Has(AttributeFields.OperationName))
        {
            ReadOnlySpan<byte> operation = item.Text(AttributeFields.OperationName);
            foreach (byte[] generating in Generating)
            {
                if (operation.SequenceEqual(generating))
                    return true;
            }

            return false;
        }

        return item.Has(AttributeFields.RequestType);
    }

    /// <summary>Returns the agent that the span belongs to; null if there is none.</summary>
    public string? AgentOf() => Text(AttributeFields.AgentName);

    /// <summary>Returns the workflow that the span belongs to; null if there is none.</summary>
    public string? WorkflowOf() => Text(AttributeFields.WorkflowName);

    /// <summary>Converts the item to a generation.</summary>
    /// <param name="reason">The reason why it cannot be converted.</param>
    public GenerationSpan? ToGeneration(out string? reason)
    {
        if (Ticks(item.Start) is not { } start || Ticks(item.End) is not { } end)
        {
            reason = "A span must have a start and an end.";
            return null;
        }

        if (end < start || end - start > LongestDuration.Ticks)
        {
            reason = "A span must not end before its start, or more than 366 days after it.";
            return null;
        }

        reason = null;
        bool isLiteLlm = item.Text(item.Name).SequenceEqual("litellm_request"u8);
        string? requestModel = Text(AttributeFields.RequestModel);
        string? model = isLiteLlm && requestModel is not null ? requestModel : Text(AttributeFields.Model);
        bool success = item.Status != OtlpItem.ErrorStatus && !item.Has(AttributeFields.ErrorType);
        long? prompt = item.Count(AttributeFields.PromptTokens);
        long? completion = item.Count(AttributeFields.CompletionTokens);
        long? total = item.Count(AttributeFields.TotalTokens);
        return new GenerationSpan
        {
            TraceHigh = item.Key.TraceHigh,
            TraceLow = item.Key.TraceLow,
            Span = item.Key.Span,
            Parent = item.Parent,
            Timestamp = end,
            Duration = end - start,
            Success = success,
            Error = success ? null : ErrorText(),
            Model = model,
            RequestModel = requestModel == model ? null : requestModel,
            Provider = ProviderName(),
            Operation = OperationName(),
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = total == (prompt ?? 0) + (completion ?? 0) && (prompt ?? completion) is not null ? null : total,
            CachedPromptTokens = item.Count(AttributeFields.CachedPromptTokens),
            CacheWriteTokens = item.Count(AttributeFields.CacheWriteTokens),
            ReasoningTokens = item.Count(AttributeFields.ReasoningTokens),
            AudioPromptTokens = item.Count(AttributeFields.AudioPromptTokens),
            AudioCompletionTokens = item.Count(AttributeFields.AudioCompletionTokens),
            FinishReason = FinishReasonName(),
            TimeToFirstToken = TimeToFirstToken(),
            ConversationLength = ConversationLength(),
            Id = Text(AttributeFields.Id),
            ConversationId = Text(AttributeFields.ConversationId),
            UserId = Text(AttributeFields.UserId),
            Agent = AgentOf(),
            Workflow = WorkflowOf(),
            ServerAddress = Text(AttributeFields.ServerAddress),
            ServiceVersion = _serviceVersion,
            Environment = _environment,
            Scope = _scope,
        };
    }

    /// <summary>Returns whether the item is the result of an evaluation.</summary>
    public bool IsEvaluation()
    {
        ReadOnlySpan<byte> name = item.Text(item.Name);
        return (name.IsEmpty ? item.Text(AttributeFields.EventName) : name).SequenceEqual("gen_ai.evaluation.result"u8);
    }

    /// <summary>Converts the item to an evaluation.</summary>
    /// <param name="reason">The reason why it cannot be converted.</param>
    public EvaluationEvent? ToEvaluation(out string? reason)
    {
        string? name = Text(AttributeFields.EvaluationName);
        if ((Ticks(item.End) ?? Ticks(item.Start)) is not { } timestamp || name is null)
        {
            reason = "An evaluation must have a time and a gen_ai.evaluation.name.";
            return null;
        }

        reason = null;
        string? generationId = Text(AttributeFields.Id);
        string? traceId = item.Key.IsValid ? item.Key.TraceId : null;
        string? spanId = item.Key.IsValid ? item.Key.SpanId : null;
        return new EvaluationEvent(
            SpanKey.OfEvaluation(timestamp, name, generationId, traceId, spanId),
            timestamp,
            name,
            item.Number(AttributeFields.ScoreValue),
            Text(AttributeFields.Explanation),
            Text(AttributeFields.ScoreLabel),
            generationId,
            Text(AttributeFields.ErrorType),
            traceId,
            spanId);
    }

    // Zero means that there is no time. The protocol cannot hold a time after the year 2554.
    private static long? Ticks(ulong unixNanoseconds) =>
        unixNanoseconds == 0 ? null : DateTime.UnixEpoch.Ticks + (long)(unixNanoseconds / 100);

    private string? Text(int[] field)
    {
        ReadOnlySpan<byte> text = item.Text(field);
        return text.IsEmpty ? null : Cut(text, MaxTextLength);
    }

    /// <param name="utf8">The text.</param>
    /// <param name="maxLength">The maximum length, in bytes.</param>
    private string Cut(ReadOnlySpan<byte> utf8, int maxLength)
    {
        if (utf8.Length > maxLength)
        {
            // Do not cut within a character.
            while (maxLength > 0 && (utf8[maxLength] & 0xC0) == 0x80)
                maxLength--;
            utf8 = utf8[..maxLength];
        }

        return _texts.Get(utf8);
    }

    private string ErrorText()
    {
        if (item.Has(AttributeFields.ErrorType))
            return Cut(item.Text(AttributeFields.ErrorType), MaxErrorLength);
        if (item.Has(AttributeFields.ExceptionType))
            return Cut(item.Text(AttributeFields.ExceptionType), MaxErrorLength);
        if (item.Count(AttributeFields.StatusCode) is { } code and >= 400)
            return $"{code}";
        ReadOnlySpan<byte> message = item.Text(item.StatusMessage);
        return message.IsEmpty ? OtherError : Cut(message, MaxErrorLength);
    }

    private string? ProviderName()
    {
        ReadOnlySpan<byte> provider = item.Text(AttributeFields.Provider);
        if (provider.IsEmpty)
            return null;

        bool isWhole = provider.StartsWith("azure.ai."u8) || provider.SequenceEqual("aws.bedrock"u8) || provider.StartsWith("gcp."u8);
        int dot = isWhole ? -1 : provider.IndexOf((byte)'.');
        return Cut(dot > 0 ? provider[..dot] : provider, MaxTextLength);
    }

    private string? OperationName()
    {
        if (Text(AttributeFields.OperationName) is { } name)
            return name;
        if (item.Has(AttributeFields.OpenInferenceKind))
            return Ascii.EqualsIgnoreCase(item.Text(AttributeFields.OpenInferenceKind), "EMBEDDING"u8) ? "embeddings" : "chat";
        if (item.Has(AttributeFields.VercelOperation))
            return item.Text(AttributeFields.VercelOperation).EndsWith(".doEmbed"u8) ? "embeddings" : "chat";
        return Text(AttributeFields.RequestType) switch
        {
            "embedding" => "embeddings",
            "completion" => "text_completion",
            var type => type,
        };
    }

    private string? FinishReasonName()
    {
        ReadOnlySpan<byte> text = item.Text(AttributeFields.FinishReason);
        string? reason = text.IsEmpty ? null : text[0] == '[' ? FirstOfJson(text) : Cut(text, MaxTextLength);
        return reason switch
        {
            "tool_call" or "tool-calls" or "ToolCalls" => "tool_calls",
            "Stop" => "stop",
            "max_tokens" or "Length" => "length",
            "content-filter" or "ContentFilter" => "content_filter",
            "" => null,
            _ => reason,
        };
    }

    private static string? FirstOfJson(ReadOnlySpan<byte> list)
    {
        try
        {
            var reader = new Utf8JsonReader(list);
            reader.Read();
            reader.Read();
            return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Encoding.UTF8.GetString(list);
        }
    }

    private long? TimeToFirstToken()
    {
        double? seconds = item.Number(AttributeFields.SecondsToFirstToken)
            ?? item.Number(AttributeFields.MillisecondsToFirstToken) / 1000;
        return seconds >= 0 && seconds <= LongestDuration.TotalSeconds ? (long)Math.Round(seconds.Value * TimeSpan.TicksPerSecond) : null;
    }

    private int? ConversationLength()
    {
        AttributeValue messages = item.Find(AttributeFields.Messages);
        int count = messages.Kind switch
        {
            AttributeKind.List => (int)messages.Bits,
            AttributeKind.Text => CountOfJson(item.Text(messages)),
            _ => 0,
        };
        count = Math.Max(count, item.IndexedMessages);
        return count > 0 ? count : null;
    }

    private static int CountOfJson(ReadOnlySpan<byte> list)
    {
        try
        {
            var reader = new Utf8JsonReader(list);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return 0;
            int count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                reader.Skip();
                count++;
            }

            return count;
        }
        catch (JsonException)
        {
            // Exporters truncate long texts.
            return 0;
        }
    }
}
