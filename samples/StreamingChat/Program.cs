using System.ClientModel;
using Afterimage.Monitoring;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

// StreamingChat [TOKENS]: a chat that may use up so many tokens.
await using var monitor = new GenerationMonitor(
    new GenerationMonitorOptions
    {
        LogDirectory = "runs/chat",
        Budgets =
        {
            new Budget
            {
                Name = "chat",
                Unit = BudgetUnit.Tokens,
                Limit = args is [var limit] ? decimal.Parse(limit) : 2_000,
            },
        },
        AlertHandlers = { alert => Console.WriteLine($"[{alert.Message}]") },
    });

var options = new OpenAIClientOptions
{
    Endpoint = new(Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "https://api.openai.com/v1"),
};
var model = new ChatClient("gpt-4o-mini", new ApiKeyCredential(Environment.GetEnvironmentVariable("OPENAI_API_KEY") ?? "none"), options);
using IChatClient chat = model.AsIChatClient().AsBuilder().UseGenerationMonitor(monitor, settings => settings.EnforceBudget = true).Build();

List<Microsoft.Extensions.AI.ChatMessage> conversation = [];
while (Console.ReadLine() is { Length: > 0 } line)
{
    conversation.Add(new(ChatRole.User, line));
    List<ChatResponseUpdate> answer = [];
    try
    {
        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(conversation))
        {
            Console.Write(update);
            answer.Add(update);
        }
    }
    catch (BudgetExceededException exceeded)
    {
        Console.WriteLine(exceeded.Message); // it was not sent
        break;
    }

    Console.WriteLine();
    conversation.AddMessages(answer);
}

BudgetStatus budget = monitor.GetBudgets()[0];
Console.WriteLine(
    $"{budget.Spent} of {budget.Budget.Limit} tokens, first token after {monitor.GetMetrics("time_to_first_token").Mean:0.000} s on average"
);
