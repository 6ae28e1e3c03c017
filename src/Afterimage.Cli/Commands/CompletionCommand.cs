using System.CommandLine;
using Afterimage.Cli.CommandLine;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage completion</c>: prints the script with which a shell completes the command.</summary>
internal static class CompletionCommand
{
    public const string Name = "completion";

    public static readonly CommandHelp Help = new(
        """
        Prints a script that makes SHELL complete commands, options and their values
        with the Tab key. The script calls the command itself, so it needs nothing else
        and remains correct after an update.
        """,
        [
            "echo 'source <(afterimage completion bash)' >> ~/.bashrc",
            "echo 'source <(afterimage completion zsh)' >> ~/.zshrc\n# below the line with compinit",
            "afterimage completion fish > ~/.config/fish/completions/afterimage.fish",
            "afterimage completion pwsh | Out-String | Invoke-Expression\n# in the file that $PROFILE names",
        ]);

    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = CompletionScripts.Bash,
        ["zsh"] = CompletionScripts.Zsh,
        ["fish"] = CompletionScripts.Fish,
        ["pwsh"] = CompletionScripts.PowerShell,
    };

    public static Command Create()
    {
        Argument<string> shell = new Argument<string>("SHELL") { Description = "Print the script for this shell." }.AcceptOnlyFromAmong([
            .. Scripts.Keys,
        ]);
        var command = new Command(Name, "Print a script that completes this command in a shell.") { shell };
        command.SetAction(parsed => Console.Out.WriteLine(Scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}
