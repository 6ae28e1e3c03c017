using System.Globalization;

namespace Afterimage.Benchmarks;

/// <summary>Figures that BenchmarkDotNet does not measure, such as bytes in a file: one small file each, in the directory that
/// <c>benchmarks/run</c> names.</summary>
internal static class Facts
{
    private const string Variable = "AFTERIMAGE_BENCHMARK_FACTS";

    public static void Write(string name, double value)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, name), value.ToString("R", CultureInfo.InvariantCulture));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// fact {name} = {value}"));
    }

    public static double? Read(string directory, string name)
    {
        string path = Path.Combine(directory, name);
        return File.Exists(path) ? double.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture) : null;
    }
}
