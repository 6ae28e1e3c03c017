using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Shows a progress bar during long work if there is a terminal; otherwise, shows nothing.</summary>
internal static class WorkProgress
{
    /// <param name="what">The name of the work, such as <c>exporting</c>.</param>
    /// <param name="json">Whether standard output is for JSON only.</param>
    /// <param name="work">The work, which reports its progress.</param>
    public static Task<T> ShowAsync<T>(string what, bool json, Func<IProgress<double>?, Task<T>> work) => RunDisplay.IsLive(json)
        ? AnsiConsole.Progress().AutoClear(true).StartAsync(context =>
        {
            ProgressTask task = context.AddTask(what, maxValue: 1);
            return work(new Tell(share => task.Value = share));
        })
        : work(null);

    // Progress<T> would report on another thread, later.
    private sealed class Tell(Action<double> action) : IProgress<double>
    {
        public void Report(double value) => action(value);
    }
}
