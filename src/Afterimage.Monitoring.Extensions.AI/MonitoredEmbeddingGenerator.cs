using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Records the calls to an embedding generator.</summary>
internal sealed class MonitoredEmbeddingGenerator<TInput, TEmbedding>(
    IEmbeddingGenerator<TInput, TEmbedding> inner,
    GenerationMonitor monitor,
    GenerationMonitorMiddlewareOptions options) : DelegatingEmbeddingGenerator<TInput, TEmbedding>(inner)
    where TEmbedding : Embedding
{
    private readonly CallFaults _faults = new(monitor);
    private readonly EmbeddingGeneratorMetadata? _metadata = inner.GetService<EmbeddingGeneratorMetadata>();

    public override async Task<GeneratedEmbeddings<TEmbedding>> GenerateAsync(
        IEnumerable<TInput> values,
        EmbeddingGenerationOptions? generationOptions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        string? model = generationOptions?.ModelId ?? _metadata?.DefaultModelId;
        BudgetReservation? reservation = null;
        BudgetEstimate? estimate = null;
        if (options.EnforceBudget)
        {
            IReadOnlyCollection<TInput> sent = values as IReadOnlyCollection<TInput> ?? [.. values];
            values = sent;
            estimate = PromptEstimate.Of(sent) with
            {
                ModelName = model,
                Tags = PropertyTags.Of(generationOptions?.AdditionalProperties, options),
            };
            reservation = monitor.Reserve(estimate.Value);
        }

        using var call = new MonitoredCall(
            monitor,
            options,
            operation: "embeddings",
            model,
            _metadata?.ProviderName,
            _metadata?.ProviderUri,
            cancellationToken)
        {
            Faults = _faults,
            Request = values,
            RequestOptions = generationOptions,
            Reservation = reservation,
            Estimate = estimate,
        };
        call.AddProperties(generationOptions?.AdditionalProperties);
        GeneratedEmbeddings<TEmbedding> embeddings;
        try
        {
            embeddings = await InnerGenerator.GenerateAsync(values, generationOptions, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }

        call.Response = () => embeddings;
        call.Read(() =>
        {
            call.SetModel(embeddings.FirstOrDefault()?.ModelId);
            call.Usage.Add(embeddings.Usage, responseId: null);
            call.AddProperties(embeddings.AdditionalProperties);
        });
        call.Complete();
        return embeddings;
    }
}
