namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>What an output may replace.</summary>
/// <param name="LogDirectories">The log directories that it is made of, whose own files it never replaces.</param>
/// <param name="ReplacesAny">Whether it may replace a file that holds something else.</param>
internal sealed record OutputRules(IReadOnlyList<string> LogDirectories, bool ReplacesAny = false)
{
    /// <exception cref="IOException">The place may not be written.</exception>
    public void Check(string resolved, OutputKind kind)
    {
        OutputPlace.ThrowIfOwn(resolved, LogDirectories);
        if (!ReplacesAny || Directory.Exists(resolved))
            OutputPlace.ThrowIfOther(resolved, kind);
    }
}
