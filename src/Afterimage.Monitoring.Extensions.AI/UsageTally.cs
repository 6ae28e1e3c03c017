using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>What one call used, as its provider tells it: at once, piece by piece, or again and again.</summary>
/// <remarks>
/// Within one response counts only grow: of each the largest is taken, since some providers repeat them with every piece and others tell
/// each when it is known. Different responses add up: they are the turns of a loop with tools. Behind the result of a tool a new response
/// begins, whatever its id: there are servers that give the same to all, or none. What is told before the first id of a turn is of the
/// response that then says its id.
/// </remarks>
internal sealed class UsageTally
{
    // The usual rule of thumb, for English text.
    private const int CharactersPerToken = 4;

    private readonly Dictionary<(int Turn, string Id), UsageCounts> _responses = [];
    private string _lastId = "";
    private long _outputCharacters;
    private int _turn;

    /// <summary>What is kept in the cache for an hour, where somebody knows it better than the counts say.</summary>
    public long? CacheWriteOneHour { private get; set; }

    /// <summary>Adds what an update of a stream tells.</summary>
    public void Add(ChatResponseUpdate update)
    {
        SetResponse(update.ResponseId);
        foreach (AIContent content in update.Contents)
        {
            switch (content)
            {
                case UsageContent usage:
                    Add(usage.Details, update.ResponseId);
                    break;
                case FunctionResultContent:
                    _turn++;
                    _lastId = "";
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
    /// <param name="responseId">The response; null or empty: the one that was told of last.</param>
    public void Add(UsageDetails? usage, string? responseId)
    {
        if (usage is null)
            return;

        SetResponse(responseId);
        Merge(_lastId, UsageCounts.Of(usage));
    }

    /// <summary>Notes text of the answer that has come.</summary>
    public void AddOutput(long characters) => _outputCharacters += characters;

    /// <summary>Puts the counts into a call's details, and says so where the provider told none.</summary>
    /// <param name="estimate">What was reserved for the call; null: nothing, so that nothing stands for what is not told.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="outputChunks">The pieces of the answer that have come.</param>
    /// <param name="details">What else is known.</param>
    public GenerationDetails Fill(BudgetEstimate? estimate, CallEnd end, int outputChunks, in GenerationDetails details)
    {
        UsageCounts sum = _responses.Values.Aggregate(UsageCounts.None, (a, b) => a.Plus(b));
        bool hasOutput = outputChunks > 0 || _outputCharacters > 0;
        long received = Math.Max(outputChunks, _outputCharacters / CharactersPerToken);
        if (CacheWriteOneHour is not null)
            sum = sum with { CacheWriteOneHour = CacheWriteOneHour };
        bool isWhole = end == CallEnd.Whole;

        // A request that failed before any of its answer came is charged by nobody; one that was left is, for its prompt at least.
        bool isMissing = (end != CallEnd.Failed || hasOutput) && !sum.HasAny;

        // The first piece of some streams tells the prompt and a completion that has hardly begun.
        bool isCutShort = !isWhole && hasOutput && estimate is not null && (sum.Completion ?? 0) < received;
        if (estimate is { } reserved && (isMissing || isCutShort))
        {
            long completion = isWhole ? Math.Max(received, reserved.CompletionTokenCount) : Math.Max(received, sum.Completion ?? 0);
            sum = sum with { Prompt = sum.Prompt ?? reserved.PromptTokenCount, Completion = completion, Total = null };
        }

        return sum.Fill(details) with { UsageMissing = isMissing || isCutShort ? true : null };
    }

    // Pieces of one response may leave out its id, also before it is told.
    private void SetResponse(string? id)
    {
        if (string.IsNullOrEmpty(id))
            return;

        _lastId = id;
        if (_responses.Remove((_turn, ""), out UsageCounts? unnamed))
            Merge(id, unnamed);
    }

    private void Merge(string id, UsageCounts counts) =>
        _responses[(_turn, id)] = _responses.TryGetValue((_turn, id), out UsageCounts? known) ? known.Largest(counts) : counts;
}
