using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Collects what one call used, as reported by its provider: at once, update by update, or repeatedly.</summary>
/// <remarks>
/// Within one response, counts only grow. The largest of each is used, because some providers repeat all counts with every update, and
/// others report each count when it is known. The counts of different responses, which are the turns of a loop with tools, are added up.
/// After the result of a tool, a new response begins, whatever its ID: some servers give all responses the same ID, or none. Usage reported
/// before the first ID of a turn belongs to the response that then gives its ID.
/// </remarks>
internal sealed class UsageTally
{
    // The usual rule of thumb, for English text.
    private const int CharactersPerToken = 4;

    private readonly Dictionary<(int Turn, string Id), UsageCounts> _responses = [];
    private string _lastId = "";
    private long _outputCharacters;
    private int _turn;

    /// <summary>Tokens that are kept in the cache for an hour, if there is a better source for them than the counts.</summary>
    public long? CacheWriteOneHour { private get; set; }

    /// <summary>Adds the usage that an update of a stream reports.</summary>
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

    /// <param name="usage">The usage of a response so far. Null: none is reported.</param>
    /// <param name="responseId">The ID of the response; null or empty: the response that was reported last.</param>
    public void Add(UsageDetails? usage, string? responseId)
    {
        if (usage is null)
            return;

        SetResponse(responseId);
        Merge(_lastId, UsageCounts.Of(usage));
    }

    /// <summary>Adds text of the answer that has arrived.</summary>
    public void AddOutput(long characters) => _outputCharacters += characters;

    /// <summary>Adds the counts to the details of a call, and marks the usage as missing if the provider reported none.</summary>
    /// <param name="estimate">The amount that was reserved for the call; null: none, so that nothing replaces missing usage.</param>
    /// <param name="end">How the call ended.</param>
    /// <param name="outputChunks">The number of updates of the answer that have arrived.</param>
    /// <param name="details">What else is known.</param>
    public GenerationDetails Fill(BudgetEstimate? estimate, CallEnd end, int outputChunks, in GenerationDetails details)
    {
        UsageCounts sum = _responses.Values.Aggregate(UsageCounts.None, (a, b) => a.Plus(b));
        bool hasOutput = outputChunks > 0 || _outputCharacters > 0;
        long received = Math.Max(outputChunks, _outputCharacters / CharactersPerToken);
        if (CacheWriteOneHour is not null)
            sum = sum with { CacheWriteOneHour = CacheWriteOneHour };
        bool isWhole = end == CallEnd.Whole;

        // Nobody charges for a request that failed before any of its answer arrived. A request that was left is charged, at least for its
        // prompt.
        bool isMissing = (end != CallEnd.Failed || hasOutput) && !sum.HasAny;

        // The first update of some streams reports the prompt and a completion that has hardly begun.
        bool isCutShort = !isWhole && hasOutput && estimate is not null && (sum.Completion ?? 0) < received;
        if (estimate is { } reserved && (isMissing || isCutShort))
        {
            long completion = isWhole ? Math.Max(received, reserved.CompletionTokenCount) : Math.Max(received, sum.Completion ?? 0);
            sum = sum with { Prompt = sum.Prompt ?? reserved.PromptTokenCount, Completion = completion, Total = null };
        }

        return sum.Fill(details) with { UsageMissing = isMissing || isCutShort ? true : null };
    }

    // Updates of one response may lack its ID, even before it is given.
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
