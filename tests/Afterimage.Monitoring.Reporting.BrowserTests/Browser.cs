using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Afterimage.Monitoring.Reporting.BrowserTests.Browser))]

namespace Afterimage.Monitoring.Reporting.BrowserTests;

/// <summary>Debian's Chromium without a window, started once for all tests, and only where there is one.</summary>
public sealed class Browser : IAsyncDisposable
{
    // In milliseconds: longer than a browser takes on any machine.
    private const float Generous = 180_000;

    private readonly SemaphoreSlim _starting = new(1, 1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Opens a file, and takes note of whatever the page asks for or says.</summary>
    public async Task<OpenPage> OpenAsync(string file, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        IBrowser browser = await StartAsync();
        IPage page = await browser.NewPageAsync(
            new BrowserNewPageOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = 900 },
                ColorScheme = scheme,
            });
        page.SetDefaultTimeout(Generous);
        var open = new OpenPage(page);
        await page.GotoAsync(new Uri(file).AbsoluteUri);
        return open;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        string program = Need.Command("chromium");
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            return _browser ??= await _playwright.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions
                {
                    ExecutablePath = program,
                    Timeout = Generous,
                    Args =
                    [
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                    ],
                });
        }
        finally
        {
            _starting.Release();
        }
    }
}
