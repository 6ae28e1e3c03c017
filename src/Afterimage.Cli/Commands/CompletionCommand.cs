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
        with the tab key. The script asks the command itself, so it needs nothing else
        and stays right after an update.
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
        Argument<string> shell = new Argument<string>("SHELL") { Description = "The shell." }.AcceptOnlyFromAmong([
            .. Scripts.Keys,
        ]);
        var command = new Command(Name, "Print the script that makes a shell complete the command.") { shell };
        command.SetAction(parsed => Console.Out.WriteLine(Scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}
