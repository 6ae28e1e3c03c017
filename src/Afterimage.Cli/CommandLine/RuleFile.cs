using System.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>Reads a file of alert rules that a user names.</summary>
internal static class RuleFile
{
    public static Option<string?> Option() => new("--rules")
    {
        Description = "Add the alert rules in this JSON or YAML file (docs/alerts.md) to the built-in ones.",
        HelpName = "FILE",
    };

    /// <exception cref="InputException">The file cannot be read, or its content is wrong.</exception>
    public static IReadOnlyList<AlertRule> Read(string path) => SettingsFile.Read(path, AlertRule.Parse);
}
