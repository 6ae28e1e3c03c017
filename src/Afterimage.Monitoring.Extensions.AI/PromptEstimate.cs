using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Estimates what a call may use from its prompt.</summary>
internal static class PromptEstimate
{
    // The usual rule of thumb, for English text.
    private const int CharactersPerToken = 4;

    public static BudgetEstimate Of(IEnumerable<ChatMessage> messages, ChatOptions? options) => new()
    {
        PromptTokenCount = Tokens((options?.Instructions?.Length ?? 0) + messages.Sum(message => (long)message.Text.Length)),
        CompletionTokenCount = Math.Max(0, options?.MaxOutputTokens ?? 0),
    };

    /// <param name="inputs">The inputs of embeddings. An input that is not text counts as one token.</param>
    public static BudgetEstimate Of<TInput>(IReadOnlyCollection<TInput> inputs) => new()
    {
        PromptTokenCount = inputs.Sum(input => Tokens(input is string text ? text.Length : 0)),
    };

    // Never zero: a call that costs something must have a price.
    private static long Tokens(long characters) => Math.Max(1, characters / CharactersPerToken);
}
