#pragma warning disable MEAI001 // Image generators are marked as experimental, and so is what attaches a monitor to them.
using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Records the calls to an image generator.</summary>
internal sealed class MonitoredImageGenerator(IImageGenerator inner, GenerationMonitor monitor, GenerationMonitorMiddlewareOptions options)
    : DelegatingImageGenerator(inner)
{
    private readonly CallFaults _faults = new(monitor);
    private readonly ImageGeneratorMetadata? _metadata = inner.GetService<ImageGeneratorMetadata>();

    public override async Task<ImageGenerationResponse> GenerateAsync(
        ImageGenerationRequest request,
        ImageGenerationOptions? generationOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        string? model = generationOptions?.ModelId ?? _metadata?.DefaultModelId;
        using var call = new MonitoredCall(
            monitor,
            options,
            operation: "generate_content",
            model,
            _metadata?.ProviderName,
            _metadata?.ProviderUri,
            cancellationToken)
        {
            Faults = _faults,
            Request = request,
            RequestOptions = generationOptions,
            Reservation = options.EnforceBudget
                ? monitor.Reserve(PromptEstimate.Of([request.Prompt]) with
                {
                    ModelName = model,
                    Tags = PropertyTags.Of(generationOptions?.AdditionalProperties, options),
                })
                : null,
        };
        call.SetTag("gen_ai.output.type", "image");
        call.AddProperties(generationOptions?.AdditionalProperties);
        ImageGenerationResponse response;
        try
        {
            response = await InnerGenerator.GenerateAsync(request, generationOptions, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }

        call.Response = () => response;
        call.Read(() => call.Usage.Add(response.Usage, responseId: null));
        call.Complete();
        return response;
    }
}
