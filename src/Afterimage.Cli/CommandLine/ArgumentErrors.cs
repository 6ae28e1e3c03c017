using System.CommandLine;
using System.CommandLine.Parsing;

namespace Afterimage.Cli.CommandLine;

/// <summary>Describes in one sentence, for its author, what is wrong with a command line.</summary>
internal static class ArgumentErrors
{
    /// <returns>The first error; null if there is none.</returns>
    public static string? First(ParseResult parsed)
    {
        // Help, the version and completion also accept an incomplete command line.
        Command command = parsed.CommandResult.Command;
        bool isWhole = parsed.Action is not null && parsed.Action == command.Action;
        if (parsed.Errors.Count == 0 && !isWhole)
            return null;

        string? error = UnknownOption(parsed) ?? EmptyValue(parsed.CommandResult) ?? (parsed.Errors.Count == 0 ? null : Sentence(parsed));
        return error is null ? null : $"{error} (see: {Path(parsed.CommandResult)} --help)";
    }

    /// <summary>Finds an unknown option, which would otherwise be taken for a directory.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        if (parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash))
            return null;

        IEnumerable<string> texts = parsed
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .Concat(parsed.UnmatchedTokens);
        return texts.FirstOrDefault(text => text is ['-', _, ..] && !text.Any(char.IsWhiteSpace)) is { } option
            ? $"There is no option '{Format.Name(option, 40)}'."
            : null;
    }

    private static string? EmptyValue(CommandResult command)
    {
        foreach (SymbolResult child in command.Children)
        {
            (string? name, IReadOnlyList<Token> tokens) = child switch
            {
                OptionResult option => (option.Option.Name, option.Tokens),
                ArgumentResult argument => (argument.Argument.Name, argument.Tokens),
                _ => (null, []),
            };
            if (tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                return $"{name} must not be empty.";
        }

        return null;
    }

    private static string Sentence(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand && parsed.UnmatchedTokens.Count > 0)
            return $"There is no command '{Format.Name(parsed.UnmatchedTokens[0], 40)}'.";

        ParseError error = parsed.Errors[0];
        if (
            error.SymbolResult is OptionResult { Option: { } option, Tokens: [var given, ..] }
            && EnumValues.Of(option) is { Length: > 0 } names)
            return $"{option.Name} must be one of {string.Join(", ", names)}, not '{Format.Name(given.Value, 40)}'.";
        return string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Path(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{Path(parent)} {command.Command.Name}" : "afterimage";
}
