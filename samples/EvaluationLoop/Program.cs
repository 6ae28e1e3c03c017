using System.ClientModel;
using Afterimage.Monitoring;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

(string Question, string Expected)[] cases =
[
    ("Name the three primary colours of light.", "red green blue"),
    ("What does TTFT stand for?", "time to first token"),
    ("Repeat: to be or not to be", "to be or not to be"),
];

await using var monitor = new GenerationMonitor(
    new GenerationMonitorOptions
    {
        LogDirectory = "runs/evaluation",
        AlertRules =
        {
            new AlertRule
            {
                Name = "weak_answers",
                Metric = "evaluation_score_overlap",
                Comparison = AlertComparison.Below,
                Threshold = 0.9,
            },
        },
    });
var options = new OpenAIClientOptions
{
    Endpoint = new(Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "https://api.openai.com/v1"),
};
var model = new ChatClient("gpt-4o-mini", new ApiKeyCredential(Environment.GetEnvironmentVariable("OPENAI_API_KEY") ?? "none"), options);
using IChatClient chat = model.AsIChatClient().AsBuilder().UseGenerationMonitor(monitor).Build();

foreach ((string question, string expected) in cases)
{
    ChatResponse answer = await chat.GetResponseAsync(question); // recorded as a generation

    // A failure until Complete: what throws inside is recorded as one.
    using EvaluationScope evaluation = monitor.MeasureEvaluation("overlap", answer.ModelId);
    string[] missing = [.. expected.Split(' ').Except(answer.Text.ToLowerInvariant().Split([' ', '.', ',', ':']))];
    double score = 1 - ((double)missing.Length / expected.Split(' ').Distinct().Count());
    evaluation.Complete(
        new Dictionary<string, EvaluationScore> { ["overlap"] = new(score, missing is [] ? null : $"missing: {string.Join(' ', missing)}") }
    );
}

MetricAggregate scores = monitor.GetMetrics("evaluation_score_overlap");
Console.WriteLine($"{scores.Count} evaluations, mean overlap {scores.Mean:0.00}, worst {scores.Min:0.00}");
foreach (Alert alert in monitor.CheckAlerts())
    Console.WriteLine($"{alert.Name}: {alert.Message}");
await monitor.ExportMetricsAsync("runs/evaluation/points.json");
