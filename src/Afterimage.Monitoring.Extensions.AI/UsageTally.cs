using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>What one call used, as its provider tells it: at once, piece by piece, or again and again.</summary>
/// <remarks>
/// Within one response counts only grow: of each the largest is taken, since some providers repeat them with every piece and others tell
/// each when it is known. Different responses add up: they are the turns of a loop with tools. Behind the result of a tool a new response
/// begins, whatever its id: there are servers that give the same to all, or none.
/// </remarks>
internal sealed class UsageTally
{
    // The usual rule of thumb, for English text.
    private const int CharactersPerToken = 4;

    private readonly Dictionary<string, UsageCounts> _responses = new(StringComparer.Ordinal);
    private string? _lastId;
    private long _outputCharacters;
    private int _turn;

    /// <summary>Adds what an update of a stream tells.</summary>
    public void Add(ChatResponseUpdate update)
    {
        // Pieces of one response may leave out its id.
        if (update.ResponseId is { Length: > 0 } id)
            _lastId = id;
        foreach (AIContent content in update.Contents)
        {
            switch (content)
            {
                case UsageContent usage:
                    Add(usage.Details, _lastId);
                    break;
                case FunctionResultContent:
                    _turn++;
                    _lastId = null;
                    break;
                case TextContent text:
                    AddOutput(text.Text.Length);
                    break;
                case TextReasoningContent reasoning:
                    AddOutput(reasoning.Text.Length);
                    break;
                default:
                    break;
            }
        }
    }

    /// <param name="usage">What a response used so far. Null: nothing is told.</param>
    /// <param name="responseId">The response; null: the provider gives no ids.</param>
    public void Add(UsageDetails? usage, string? responseId)
    {
        if (usage is null)
            return;

        string response = $"{_turn} {responseId}";
        UsageCounts counts = UsageCounts.Of(usage);
        _responses[response] = _responses.TryGetValue(response, out UsageCounts? known) ? known.Largest(counts) : counts;
    }

    /// <summary>Notes text of the answer that has come.</summary>
    public void AddOutput(long characters) => _outputCharacters += characters;

    /// <summary>Puts the counts into a call's details, and says so where the provider told none.</summary>
    /// <param name="estimate">What was reserved for the call; null: nothing, so that nothing stands for what is not told.</param>
    /// <param name="isWhole">Whether the answer came to its end.</param>
    /// <param name="outputChunks">The pieces of the answer that have come.</param>
    /// <param name="details">What else is known.</param>
    public GenerationDetails Fill(BudgetEstimate? estimate, bool isWhole, int outputChunks, in GenerationDetails details)
    {
        UsageCounts sum = _responses.Values.Aggregate(UsageCounts.None, (a, b) => a.Plus(b));
        bool hasOutput = outputChunks > 0 || _outputCharacters > 0;
        long received = Math.Max(outputChunks, _outputCharacters / CharactersPerToken);
        bool isMissing = (isWhole || hasOutput) && !sum.HasAny;

        // The first piece of some streams tells the prompt and a completion that has hardly begun.
        bool isCutShort = !isWhole && hasOutput && estimate is not null && (sum.Completion ?? 0) < received;
        if (estimate is { } reserved && (isMissing || isCutShort))
        {
            long completion = isWhole ? Math.Max(received, reserved.CompletionTokens) : Math.Max(received, sum.Completion ?? 0);
            sum = sum with { Prompt = sum.Prompt ?? reserved.PromptTokens, Completion = completion, Total = null };
        }

        return sum.Fill(details) with { UsageMissing = isMissing || isCutShort ? true : null };
    }
}
