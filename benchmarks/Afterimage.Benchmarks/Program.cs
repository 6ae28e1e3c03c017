using Afterimage.Benchmarks;
using Afterimage.Benchmarks.Serving;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["footprint", .. string[] rest]:
        return Footprint.Run(rest);
    case ["export", .. string[] rest]:
        return ExportCost.Run(rest);
    case ["reading", .. string[] rest]:
        return ReadingCost.Run(rest);
    case ["serving", .. string[] rest]:
        return ServingCost.Run(rest);
    case ["soak", .. string[] rest]:
        return Soak.Run(rest);
    case ["table", string artifacts]:
        return Table.Print(artifacts);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Sample).Assembly).Run(args, DefaultConfig.Instance.AddExporter(JsonExporter.FullCompressed));
        return 0;
}
