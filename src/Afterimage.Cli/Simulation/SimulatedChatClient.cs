using Afterimage.Monitoring;

namespace Afterimage.Cli.Simulation;

/// <summary>The result of a simulated call.</summary>
internal readonly record struct SimulatedCall(TimeSpan Duration, bool Success, GenerationDetails Details);

/// <summary>The result of a simulated evaluation of an answer.</summary>
internal readonly record struct SimulatedEvaluation(TimeSpan Duration, Dictionary<string, double> Scores, EvaluationDetails Details);

/// <summary>Answers like a chat model, using only probability distributions, which <see cref="Description"/> states.</summary>
internal sealed class SimulatedChatClient(Distributions random)
{
    public const string Description = """
        Calls no model and needs no network. Every figure is drawn at random, always
        from the same seed, in simulated time.
          models       simulated-large 30 %, simulated-small 50 %, simulated-mini 20 %
          prompts      log-normal around 600 tokens (sigma 0.7)
          answers      log-normal around 180 tokens (sigma 0.8), cut at 1,024
          first token  log-normal around 0.65, 0.35, 0.20 s (sigma 0.35)
          each token   22, 11, 6 ms
          failures     1.5 % of the calls; 50 % in an outage, at 40 to 60 % of the run
          evaluations  25 % of the answers, for relevance and coherence: logit-normal
                       around 0.88, 0.80, 0.68 (sigma 0.6)
          prices       $3 and $15, $0.80 and $4, $0.15 and $0.60 a million tokens in
                       and out, $1 and $5 for evaluations; --pricing FILE replaces them
        """;

    /// <summary>The model that evaluates.</summary>
    public const string JudgeModel = "simulated-judge";

    public const double EvaluatedShare = 0.25;

    private const double FailureShare = 0.015;
    private const double FailureShareInOutage = 0.5;
    private const int CompletionLimit = 1024;
    private const string Provider = "simulated";

    public SimulatedModel PickModel() => random.Pick(SimulatedModel.All, model => model.Share);

    public SimulatedCall Call(SimulatedModel model, bool outage)
    {
        var details = new GenerationDetails
        {
            ModelName = model.Name,
            Provider = Provider,
            Operation = "chat",
            PromptTokenCount = Tokens(600, 0.7),
            ConversationLength = 1 + random.Repeats(0.3),
        };
        if (random.Chance(outage ? FailureShareInOutage : FailureShare))
        {
            bool refused = random.Chance(0.8);
            TimeSpan waited = Seconds(refused ? random.LogNormal(0.4, 0.4) : 10);
            return new SimulatedCall(waited, false, details with { Error = refused ? "RateLimitExceeded" : "TimeoutException" });
        }

        long wanted = Tokens(180, 0.8);
        long completion = Math.Min(wanted, CompletionLimit);
        double firstToken = random.LogNormal(model.FirstTokenMedian, 0.35);
        return new SimulatedCall(Seconds(firstToken + (completion * model.SecondsPerToken)), true, details with
        {
            CompletionTokenCount = completion,
            TimeToFirstToken = Seconds(firstToken),
            FinishReason = wanted > CompletionLimit ? "length" : random.Chance(0.004) ? "content_filter" : "stop",
        });
    }

    public SimulatedEvaluation Evaluate(SimulatedModel model, in GenerationDetails answer) => new(
        Seconds(random.LogNormal(0.9, 0.4)),
        new Dictionary<string, double>
        {
            ["relevance"] = Score(model),
            ["coherence"] = Score(model),
        },
        new EvaluationDetails
        {
            ModelName = JudgeModel,
            PromptTokenCount = answer.PromptTokenCount + answer.CompletionTokenCount,
            CompletionTokenCount = Tokens(40, 0.3),
        });

    private double Score(SimulatedModel model) => Math.Round(random.LogitNormal(model.Quality, 0.6), 3);

    private long Tokens(double median, double sigma) => Math.Max(1, (long)random.LogNormal(median, sigma));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
}
