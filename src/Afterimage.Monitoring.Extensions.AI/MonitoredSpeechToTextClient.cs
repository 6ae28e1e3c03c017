#pragma warning disable MEAI001 // Speech-to-text clients are marked as experimental, and so is what attaches a monitor to them.
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Records the calls to a speech-to-text client.</summary>
internal sealed class MonitoredSpeechToTextClient(
    ISpeechToTextClient inner,
    GenerationMonitor monitor,
    GenerationMonitorMiddlewareOptions options) : DelegatingSpeechToTextClient(inner)
{
    private readonly CallFaults _faults = new(monitor);
    private readonly SpeechToTextClientMetadata? _metadata = inner.GetService<SpeechToTextClientMetadata>();

    public override async Task<SpeechToTextResponse> GetTextAsync(
        Stream audioSpeechStream,
        SpeechToTextOptions? speechOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        using MonitoredCall call = Begin(audioSpeechStream, speechOptions, cancellationToken);
        SpeechToTextResponse response;
        try
        {
            response = await InnerClient.GetTextAsync(audioSpeechStream, speechOptions, cancellationToken).ConfigureAwait(false);
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
            call.Usage.Add(response.Usage, response.ResponseId);
            call.AddOutputText(response.Text);
            call.AddProperties(response.AdditionalProperties);
        });
        call.Complete();
        return response;
    }

    public override IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream,
        SpeechToTextOptions? speechOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        return MonitoredStream<SpeechToTextResponseUpdate>.FollowAsync(
            token => BeginStream(audioSpeechStream, speechOptions, token),
            cancellationToken);
    }

    private MonitoredStream<SpeechToTextResponseUpdate> BeginStream(
        Stream audio,
        SpeechToTextOptions? speechOptions,
        CancellationToken cancellationToken)
    {
        List<SpeechToTextResponseUpdate> seen = [];
        MonitoredCall call = Begin(audio, speechOptions, cancellationToken);
        call.Response = () => seen.ToSpeechToTextResponse();
        return new MonitoredStream<SpeechToTextResponseUpdate>(
            call,
            () => InnerClient.GetStreamingTextAsync(audio, speechOptions, cancellationToken),
            Add);

        void Add(SpeechToTextResponseUpdate update)
        {
            if (options.Enrich is not null)
                seen.Add(update);
            if (update.Contents.Any(content => content is not UsageContent && content is not TextContent { Text: "" }))
                call.MarkOutputChunk();
            call.SetModel(update.ModelId);
            call.SetId(update.ResponseId);
            foreach (UsageContent usage in update.Contents.OfType<UsageContent>())
                call.Usage.Add(usage.Details, update.ResponseId);
            call.AddOutputText(update.Text);
            call.AddProperties(update.AdditionalProperties);
        }
    }

    private MonitoredCall Begin(Stream audio, SpeechToTextOptions? speechOptions, CancellationToken cancellationToken)
    {
        string? model = speechOptions?.ModelId ?? _metadata?.DefaultModelId;
        var call = new MonitoredCall(
            monitor,
            options,
            operation: "generate_content",
            model,
            _metadata?.ProviderName,
            _metadata?.ProviderUri,
            cancellationToken)
        {
            Faults = _faults,
            Request = audio,
            RequestOptions = speechOptions,
            Reservation = options.EnforceBudget ? monitor.Reserve(PromptEstimate.Of([audio]) with
            {
                ModelName = model,
                Tags = PropertyTags.Of(speechOptions?.AdditionalProperties, options),
            }) : null,
        };
        call.SetTag("gen_ai.output.type", "text");
        call.AddProperties(speechOptions?.AdditionalProperties);
        return call;
    }
}
