namespace Afterimage.Cli.CommandLine;

/// <summary>What the help of a command says in addition to its options.</summary>
/// <param name="Details">How the command works, in lines of at most 80 columns.</param>
/// <param name="Examples">Command lines, each with a comment on a line of its own if necessary.</param>
internal sealed record CommandHelp(string Details, IReadOnlyList<string> Examples);
