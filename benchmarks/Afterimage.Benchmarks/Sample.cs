using Afterimage.Monitoring;

namespace Afterimage.Benchmarks;

/// <summary>The generation that every case records: a model, three token counts, a finish reason.</summary>
internal static class Sample
{
    public const string Model = "gpt-4o-2024-08-06";
    public const string FinishReason = "stop";
    public const string Provider = "openai";
    public const string RequestModel = "gpt-4o";
    public const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    public const string SpanId = "00f067aa0ba902b7";

    /// <summary>A duration with all seven digits, as measured ones have; a different one for each index.</summary>
    public static TimeSpan Duration(int index) => TimeSpan.FromTicks(12_345_678 + ((index * 7_919L) & 0xFF_FFFF));

    public static GenerationDetails Details(int index) => new()
    {
        ModelName = Model,
        PromptTokenCount = Prompt(index),
        CompletionTokenCount = Completion(index),
        TotalTokenCount = Prompt(index) + Completion(index),
        FinishReason = FinishReason,
    };

    /// <summary>The IDs of as many responses, made beforehand.</summary>
    public static string[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => $"chatcmpl-{i:x24}")];

    public static long Prompt(int index) => 300 + (index & 0xFF);

    public static long Completion(int index) => 40 + (index & 0x3F);
}
