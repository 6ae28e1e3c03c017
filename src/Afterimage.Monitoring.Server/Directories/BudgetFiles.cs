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

    private readonly NumberedName _name = RunFile.BudgetFiles(directory);
    private readonly Dictionary<string, (DateTime Time, long Length)> _read = new(StringComparer.Ordinal);

    /// <summary>Reads the files that are new, were replaced or removed.</summary>
    /// <param name="set">Receives the path and the budgets of each; none of a removed file.</param>
    /// <returns><see langword="true"/> if there were any; otherwise, <see langword="false"/>.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    public bool Read(Action<string, IReadOnlyList<BudgetValues>> set)
    {
        bool isNew = false;
        string[] files = [.. _name.ExistingFiles()];
        foreach (string removed in _read.Keys.Except(files).ToArray())
        {
            _read.Remove(removed);
            set(removed, []);
            isNew = true;
        }

        foreach (string path in files)
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

    private static BudgetValues[] Budgets(string path) =>
        JsonFile.Read(path) is { } json
        && json.TryGetProperty("budgets", out JsonElement budgets)
        && budgets.ValueKind == JsonValueKind.Array
            ? [.. budgets.EnumerateArray().Select(Budget).OfType<BudgetValues>()]
            : [];

    private static BudgetValues? Budget(JsonElement budget)
    {
        try
        {
            return budget.Deserialize<BudgetValues>(ApiJson.Options);
        }
        catch (JsonException)
        {
            // Somebody else's, or of a later version.
            return null;
        }
    }
}
