using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>A monitor's options from arguments such as <c>MaxFileSize=16384</c>.</summary>
internal static class Settings
{
    /// <summary>Time for a busy machine.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    public static GenerationMonitorOptions Parse(string directory, IEnumerable<string> settings)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = directory == "-" ? null : directory,
            MetricsInterval = TimeSpan.Zero,
            HandlerTimeLimit = Generous,
            ShutdownTimeout = Generous,
        };
        foreach (string setting in settings)
        {
            string value = setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..];
            switch (setting[..^(value.Length + 1)])
            {
                case "MaxFileSize":
                    options.LogFiles.MaxFileSize = long.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "Durability":
                    options.Durability = Enum.Parse<Durability>(value);
                    break;
                case "BudgetFrom":
                    options.Budgets.Add(new Budget { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 1e15m, ResumeFrom = value });
                    options.Budgets.Add(new Budget { Name = "calls", Unit = BudgetUnit.Generations, Limit = 1e15m, ResumeFrom = value });
                    break;
                default:
                    throw new ArgumentException($"Unknown setting: {setting}");
            }
        }

        return options;
    }
}
