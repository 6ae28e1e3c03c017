using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>The look of all tables: names on the left, figures on the right, no more lines than needed.</summary>
internal static class Tables
{
    public static Table Create(params ReadOnlySpan<string> columns)
    {
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey), Expand = false };
        for (int i = 0; i < columns.Length; i++)
        {
            table.AddColumn(new TableColumn(new Text(columns[i], new Style(Color.Grey)))
            {
                NoWrap = true,
                Alignment = i == 0 ? Justify.Left : Justify.Right,
                Padding = new Padding(i == 0 ? 0 : 1, 0, 0, 0),
            });
        }

        return table;
    }

    /// <summary>Writes to standard output. Off a terminal nothing says how wide it is: a row stays on its line.</summary>
    public static void Print(IRenderable content)
    {
        if (!AnsiConsole.Profile.Out.IsTerminal)
            AnsiConsole.Profile.Width = int.MaxValue / 2;
        AnsiConsole.Write(content);
    }

    /// <summary>A name from outside: never markup.</summary>
    public static Text Name(string name, int limit) => new(Format.Name(name, limit));

    public static Text Number(string number) => new(number);

    public static TableTitle More(int count, string what) =>
        new($"and {Format.Count(count)} more {what}: --json has all", new Style(Color.Grey));
}
