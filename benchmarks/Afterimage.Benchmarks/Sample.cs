using Afterimage.Monitoring;

namespace Afterimage.Benchmarks;

/// <summary>The generation that every case records: a model, three token counts, a finish reason.</summary>
internal static class Sample
{
    public const string Model = "gpt-4o-2024-08-06";
    public const string FinishReason = "stop";

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

    public static long Prompt(int index) => 300 + (index & 0xFF);

    public static long Completion(int index) => 40 + (index & 0x3F);
}
