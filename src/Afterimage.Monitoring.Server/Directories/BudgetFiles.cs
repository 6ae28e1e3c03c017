using System.Text.Json;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Reads the files <c>budgets.json</c> of a directory whenever a monitor has replaced one. Not thread-safe.</summary>
internal sealed class BudgetFiles(string directory)
{
    /// <summary>The size above which a file is not read: it is none of the library's.</summary>
    private const long MaxLength = 1 << 20;

    private readonly NumberedName _name = new(directory, "budgets.json");
    private readonly Dictionary<string, (DateTime Time, long Length)> _read = new(StringComparer.Ordinal);

    /// <summary>Reads the files that are new or were replaced.</summary>
    /// <param name="set">Receives the path and the budgets of each.</param>
    /// <returns><see langword="true"/> if there were any; otherwise, <see langword="false"/>.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    public bool Read(Action<string, IReadOnlyList<BudgetValues>> set)
    {
        bool isNew = false;
        foreach (string path in _name.ExistingFiles())
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length > MaxLength || _read.GetValueOrDefault(path) == (file.LastWriteTimeUtc, file.Length))
                continue;
            _read[path] = (file.LastWriteTimeUtc, file.Length);
            set(path, Budgets(path));
            isNew = true;
        }

        return isNew;
    }

    private static BudgetValues[] Budgets(string path)
    {
        try
        {
            return JsonFile.Read(path) is { } json && json.TryGetProperty("budgets", out JsonElement budgets)
                ? [.. (budgets.Deserialize<BudgetValues?[]>(ApiJson.Options) ?? []).OfType<BudgetValues>()]
                : [];
        }
        catch (JsonException)
        {
            // Somebody else's file, or one of a later version.
            return [];
        }
    }
}
