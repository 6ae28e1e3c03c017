using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Afterimage.Monitoring.Reporting.BrowserTests;

/// <summary>A page in the browser.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _said = new();

    internal OpenPage(IPage page)
    {
        Page = page;
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.Console += (_, message) => _said.Enqueue($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => _said.Enqueue(error);
        page.Dialog += (_, dialog) => _said.Enqueue("dialog: " + dialog.Message);
    }

    public IPage Page { get; }

    /// <summary>What the page asked for, itself first.</summary>
    public IEnumerable<string> Requests => _requests;

    /// <summary>What the console said: errors, warnings, refusals of the page's content policy; and dialogs.</summary>
    public IEnumerable<string> Said => _said;

    public ValueTask DisposeAsync() => new(Page.CloseAsync());
}
