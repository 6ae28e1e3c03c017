using System.ClientModel;
using Afterimage.Monitoring;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

await using var monitor = new GenerationMonitor();
var options = new OpenAIClientOptions
{
    Endpoint = new(Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "https://api.openai.com/v1"),
};
var model = new ChatClient("gpt-4o-mini", new ApiKeyCredential(Environment.GetEnvironmentVariable("OPENAI_API_KEY") ?? "none"), options);
using IChatClient chat = model.AsIChatClient().AsBuilder().UseGenerationMonitor(monitor).Build();

var callers = new ParallelOptions { MaxDegreeOfParallelism = 32 };
await Parallel.ForEachAsync(
    args.Where(arg => arg != "--stream"),
    callers,
    async (question, token) =>
    {
        var answer = args.Contains("--stream")
            ? chat.GetStreamingResponseAsync(question, null, token).ToChatResponseAsync(token)
            : chat.GetResponseAsync(question, null, token);
        try
        {
            Console.WriteLine(await answer);
        }
        catch (ClientResultException error) when (error.Status > 0)
        {
            Console.WriteLine($"Refused with {error.Status}");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Console.WriteLine($"Failed: {error.Message}");
        }
    });
Console.WriteLine(
    $"{monitor.GetMetrics("generation_time").Count} calls, {monitor.GetTotalTokenUsage().TotalTokens} tokens: {monitor.LogDirectory}");
