using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>The style of all tables: names on the left, figures on the right, and no more lines than necessary.</summary>
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

    /// <summary>Writes to standard output. If it is not a terminal, its width is unknown, so that each row stays on one line.</summary>
    public static void Print(IRenderable content)
    {
        if (!AnsiConsole.Profile.Out.IsTerminal)
            AnsiConsole.Profile.Width = int.MaxValue / 2;
        AnsiConsole.Write(content);
    }

    /// <summary>Returns a name from outside as text, never as markup.</summary>
    public static Text Name(string name, int limit) => new(Format.Name(name, limit));

    public static Text Number(string number) => new(number);

    public static TableTitle More(int count, string what) =>
        new($"and {Format.Count(count)} more {what}: --json has all", new Style(Color.Grey));
}
