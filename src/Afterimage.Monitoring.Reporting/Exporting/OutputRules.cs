namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Rules for what an output may replace.</summary>
/// <param name="LogDirectories">The log directories that the output is made from, whose own files it never replaces.</param>
/// <param name="ReplacesAny">Whether it may replace a file with another kind of content.</param>
internal sealed record OutputRules(IReadOnlyList<string> LogDirectories, bool ReplacesAny = false)
{
    /// <exception cref="IOException">The place may not be written to.</exception>
    public void Check(string resolved, OutputKind kind)
    {
        OutputPlace.ThrowIfOwn(resolved, LogDirectories);
        if (!ReplacesAny || Directory.Exists(resolved))
            OutputPlace.ThrowIfOther(resolved, kind);
    }
}
