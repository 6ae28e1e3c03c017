using System.CommandLine;

namespace Afterimage.Cli.CommandLine;

/// <summary>The file of an option <c>--out</c>, which may be standard output.</summary>
internal static class OutputFile
{
    public static Option<bool> Force() => new("--force")
    {
        Description = "Replace an existing file of another kind, but never a file of the log directory.",
    };

    /// <summary>Returns whether the path means standard output.</summary>
    public static bool IsStandardOutput(string path) => path is "-" or "/dev/stdout" or "/dev/fd/1" or "/proc/self/fd/1";

    /// <summary>Writes a file, or writes its content to standard output.</summary>
    /// <param name="path">The path, which may mean standard output.</param>
    /// <param name="extension">The extension of the file if the path means standard output, including the dot.</param>
    /// <param name="write">Writes the file at a path.</param>
    public static async Task<T> WriteAsync<T>(string path, string extension, Func<string, Task<T>> write)
    {
        if (!IsStandardOutput(path))
            return await write(path);

        string directory = Directory.CreateTempSubdirectory("afterimage-").FullName;
        try
        {
            string file = Path.Combine(directory, "output" + extension);
            T result = await write(file);
            await using FileStream source = File.OpenRead(file);
            await using var output = new StandardOutput();
            await source.CopyToAsync(output);
            return result;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Returns the writer for messages about the output, which must not be mixed with the output.</summary>
    public static TextWriter SayTo(string path) => IsStandardOutput(path) ? Console.Error : Console.Out;
}
