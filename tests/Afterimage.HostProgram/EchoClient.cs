using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Afterimage.HostProgram;

/// <summary>Answers with what it is asked, at a token a character; to <c>fail</c> it answers with an exception.</summary>
internal sealed class EchoClient : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        string text = messages.Last().Text;
        return text == "fail"
            ? Task.FromException<ChatResponse>(new HttpRequestException("refused"))
            : Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, text))
            {
                ModelId = "echo",
                Usage = new UsageDetails { InputTokenCount = text.Length, OutputTokenCount = text.Length },
            });
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
            yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
