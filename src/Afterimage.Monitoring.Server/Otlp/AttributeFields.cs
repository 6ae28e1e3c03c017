using System.Text;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Defines which attributes each field of a record comes from. If several are present, the first counts.</summary>
/// <remarks>Names: OpenTelemetry's conventions for generative AI 1.41 (<see href="https://opentelemetry.io/docs/specs/semconv/gen-ai/"/>),
/// older and newer spellings of them, and those of OpenInference, OpenLLMetry, LiteLLM and Vercel's SDK.</remarks>
internal static class AttributeFields
{
    // Must be declared before the fields, which register their names in it.
    private static readonly Dictionary<byte[], int> SlotsByName = new(Utf8NameComparer.Instance);

    private static readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> Lookup =
        SlotsByName.GetAlternateLookup<ReadOnlySpan<byte>>();

    public static readonly int[] OpenInferenceKind = Of("openinference.span.kind");
    public static readonly int[] VercelOperation = Of("ai.operationId");
    public static readonly int[] OperationName = Of("gen_ai.operation.name");
    public static readonly int[] RequestType = Of("llm.request.type");

    public static readonly int[] Model = Of(
        "gen_ai.response.model",
        "ai.response.model",
        "llm.response.model",
        "llm.model_name",
        "embedding.model_name",
        "gen_ai.request.model",
        "ai.model.id");

    public static readonly int[] RequestModel = Of("gen_ai.request.model", "ai.model.id", "llm.request.model");

    public static readonly int[] Provider = Of(
        "gen_ai.provider.name",
        "gen_ai.system",
        "llm.provider",
        "llm.system",
        "ai.model.provider");

    public static readonly int[] PromptTokens = Of(
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "ai.usage.tokens",
        "llm.token_count.prompt",
        "llm.usage.prompt_tokens");

    public static readonly int[] CompletionTokens = Of(
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "llm.token_count.completion",
        "llm.usage.completion_tokens");

    public static readonly int[] TotalTokens = Of(
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
        "ai.usage.totalTokens");

    public static readonly int[] CachedPromptTokens = Of(
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "ai.usage.cachedInputTokens",
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "llm.token_count.prompt_details.cache_read",
        "gen_ai.usage.details.cache_read_tokens");

    public static readonly int[] CacheWriteTokens = Of(
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "ai.usage.inputTokenDetails.cacheWriteTokens",
        "llm.token_count.prompt_details.cache_write");

    public static readonly int[] ReasoningTokens = Of(
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "llm.usage.reasoning_tokens",
        "ai.usage.reasoningTokens",
        "llm.token_count.completion_details.reasoning",
        "gen_ai.usage.details.reasoning_tokens");

    public static readonly int[] AudioPromptTokens = Of("llm.token_count.prompt_details.audio");
    public static readonly int[] AudioCompletionTokens = Of("llm.token_count.completion_details.audio");

    public static readonly int[] FinishReason = Of(
        "gen_ai.response.finish_reasons",
        "gen_ai.response.finish_reason",
        "ai.response.finishReason",
        "llm.finish_reason",
        "llm.response.finish_reason");

    public static readonly int[] ErrorType = Of("error.type");
    public static readonly int[] ExceptionType = Of("exception.type");
    public static readonly int[] StatusCode = Of("http.response.status_code");

    public static readonly int[] SecondsToFirstToken = Of(
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.client.operation.time_to_first_chunk");

    public static readonly int[] MillisecondsToFirstToken = Of("ai.response.msToFirstChunk");
    public static readonly int[] Messages = Of("gen_ai.input.messages", "ai.prompt.messages");
    public static readonly int[] Id = Of("gen_ai.response.id", "ai.response.id", "llm.response.id");

    public static readonly int[] ConversationId = Of(
        "gen_ai.conversation.id",
        "session.id",
        "ai.telemetry.metadata.sessionId",
        "langfuse.session.id");

    public static readonly int[] UserId = Of("user.id", "enduser.id");
    public static readonly int[] AgentName = Of("gen_ai.agent.name");
    public static readonly int[] WorkflowName = Of("gen_ai.workflow.name", "traceloop.workflow.name");
    public static readonly int[] ServerAddress = Of("server.address");

    public static readonly int[] ServiceName = Of("service.name");
    public static readonly int[] ServiceInstance = Of("service.instance.id");
    public static readonly int[] ServiceVersion = Of("service.version");
    public static readonly int[] Environment = Of("deployment.environment.name", "deployment.environment");

    public static readonly int[] EventName = Of("event.name");
    public static readonly int[] EvaluationName = Of("gen_ai.evaluation.name");
    public static readonly int[] ScoreValue = Of("gen_ai.evaluation.score.value");
    public static readonly int[] ScoreLabel = Of("gen_ai.evaluation.score.label");
    public static readonly int[] Explanation = Of("gen_ai.evaluation.explanation");

    /// <summary>The number of attributes. Each has a slot.</summary>
    public static int Count => SlotsByName.Count;

    /// <summary>Returns the slot of an attribute by its name; -1 if no field comes from it.</summary>
    public static int SlotOf(ReadOnlySpan<byte> name) => Lookup.TryGetValue(name, out int slot) ? slot : -1;

    private static int[] Of(params ReadOnlySpan<string> names)
    {
        int[] slots = new int[names.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes(names[i]);
            if (!SlotsByName.TryGetValue(name, out slots[i]))
                SlotsByName.Add(name, slots[i] = SlotsByName.Count);
        }

        return slots;
    }
}
