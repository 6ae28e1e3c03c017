using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Records the calls to a chat client.</summary>
internal sealed class MonitoredChatClient(IChatClient inner, GenerationMonitor monitor, GenerationMonitorMiddlewareOptions options)
    : DelegatingChatClient(inner)
{
    private readonly CallFaults _faults = new(monitor);
    private readonly ChatClientMetadata? _metadata = inner.GetService<ChatClientMetadata>();

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? chatOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IReadOnlyCollection<ChatMessage> sent = Materialize(messages);
        using MonitoredCall call = Begin(sent, chatOptions, cancellationToken);
        ChatResponse response;
        try
        {
            response = await InnerClient.GetResponseAsync(sent, chatOptions, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }

        call.Response = () => response;
        call.Read(() =>
        {
            call.SetModel(response.ModelId);
            call.SetId(response.ResponseId);
            call.SetConversation(response.ConversationId);
            call.SetFinishReason(response.FinishReason);
            call.Usage.Add(response.Usage, response.ResponseId);
            call.Usage.AddOutput(response.Text.Length);
            call.AddToolCalls(response.Messages.Sum(message => ToolCalls(message.Contents)));
            call.AddOutputText(response.Text);
            call.AddProperties(response.AdditionalProperties);
        });
        call.Complete();
        return response;
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? chatOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return MonitoredStream<ChatResponseUpdate>.FollowAsync(token => BeginStream(messages, chatOptions, token), cancellationToken);
    }

    private static IReadOnlyCollection<ChatMessage> Materialize(IEnumerable<ChatMessage> messages) =>
        messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];

    private static int ToolCalls(IList<AIContent> contents) => contents.Count(content => content is FunctionCallContent);

    // Chunks that only say who speaks, why it ended or what it cost are no output.
    private static bool IsOutput(ChatResponseUpdate update) =>
        update.Contents.Any(content => content is not UsageContent && content is not TextContent { Text: "" });

    private MonitoredStream<ChatResponseUpdate> BeginStream(
        IEnumerable<ChatMessage> messages,
        ChatOptions? chatOptions,
        CancellationToken cancellationToken)
    {
        IReadOnlyCollection<ChatMessage> sent = Materialize(messages);
        List<ChatResponseUpdate> seen = [];
        MonitoredCall call = Begin(sent, chatOptions, cancellationToken);
        call.Response = () => seen.ToChatResponse();
        return new MonitoredStream<ChatResponseUpdate>(
            call,
            () => InnerClient.GetStreamingResponseAsync(sent, chatOptions, cancellationToken),
            Add);

        void Add(ChatResponseUpdate update)
        {
            if (options.Enrich is not null)
                seen.Add(update);
            if (IsOutput(update))
                call.MarkOutputChunk();
            call.SetModel(update.ModelId);
            call.SetId(update.ResponseId);
            call.SetConversation(update.ConversationId);
            call.AddProperties(update.AdditionalProperties);
            call.SetFinishReason(update.FinishReason);
            call.AddToolCalls(ToolCalls(update.Contents));
            call.Usage.Add(update);
            call.AddOutputText(update.Text);
        }
    }

    private MonitoredCall Begin(IReadOnlyCollection<ChatMessage> messages, ChatOptions? chatOptions, CancellationToken cancellationToken)
    {
        string? model = chatOptions?.ModelId ?? _metadata?.DefaultModelId;
        BudgetReservation? reservation = null;
        BudgetEstimate? estimate = null;
        if (options.EnforceBudget)
        {
            BudgetEstimate given = _faults.Ask<BudgetEstimate?>(
                nameof(GenerationMonitorMiddlewareOptions.BudgetEstimate),
                () => options.BudgetEstimate?.Invoke(messages, chatOptions)) ?? PromptEstimate.Of(messages, chatOptions);
            given = given with
            {
                ModelName = given.ModelName ?? model,
                Tags = given.Tags ?? PropertyTags.Of(chatOptions?.AdditionalProperties, options),
            };
            reservation = monitor.Reserve(given);

            // A call without usage had a prompt, whether or not the caller's estimate counts its tokens.
            estimate = given.PromptTokenCount > 0
                ? given
                : given with
                {
                    PromptTokenCount = _faults.Ask("Reading a request", () => PromptEstimate.Of(messages, chatOptions)).PromptTokenCount,
                };
        }

        var call = new MonitoredCall(
            monitor,
            options,
            operation: "chat",
            model,
            _metadata?.ProviderName,
            _metadata?.ProviderUri,
            cancellationToken)
        {
            Faults = _faults,
            Request = messages,
            RequestOptions = chatOptions,
            Turns = _faults.Ask<int?>("Reading a request", () => messages.Count(message => message.Role == ChatRole.User)),
            Reservation = reservation,
            Estimate = estimate,
        };
        call.SetConversation(chatOptions?.ConversationId);
        call.AddProperties(chatOptions?.AdditionalProperties);
        if (options.RecordContents)
            _faults.Try("Reading a request", () => call.SetTag("gen_ai.input.messages", MessageTexts.ToJson(messages)));
        return call;
    }
}
