using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Shows a run in progress: a live display on a terminal; otherwise, plain lines on standard error.</summary>
internal static class RunDisplay
{
    private static readonly TimeSpan PictureInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(2);

    public static bool IsLive(bool json) =>
        !json && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true } && AnsiConsole.Profile.Out.IsTerminal;

    /// <summary>Shows the run until <paramref name="work"/> has ended, whatever its outcome.</summary>
    public static async Task ShowAsync(Task work, bool live, Func<LiveSnapshot> look)
    {
        if (live)
        {
            await AnsiConsole.Live(LiveView.Render(look())).AutoClear(true).StartAsync(async context =>
            {
                while (!await IsOverWithin(work, PictureInterval))
                {
                    context.UpdateTarget(LiveView.Render(look()));
                    context.Refresh();
                }
            });
        }
        else
        {
            // The first line comes early, so that the user does not wonder whether anything happens.
            TimeSpan interval = LineInterval / 4;
            while (!await IsOverWithin(work, interval))
            {
                await Console.Error.WriteLineAsync(LiveView.Line(look()));
                interval = LineInterval;
            }
        }
    }

    private static async Task<bool> IsOverWithin(Task work, TimeSpan time) => await Task.WhenAny(work, Task.Delay(time)) == work;
}
