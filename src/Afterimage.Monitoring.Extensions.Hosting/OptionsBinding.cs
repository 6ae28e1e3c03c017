using System.Globalization;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Settings;

namespace Afterimage.Monitoring;

/// <summary>Sets options from a configuration, property by property, because a trimmed host has no reflection to bind with.</summary>
internal static class OptionsBinding
{
    /// <exception cref="FormatException">A setting is not valid for its property, or there is no such property.</exception>
    public static void Apply(SettingsNode settings, GenerationMonitorOptions options)
    {
        options.LogDirectory = settings.Text(nameof(options.LogDirectory)) ?? options.LogDirectory;
        options.WriteFiles = Flag(settings, nameof(options.WriteFiles)) ?? options.WriteFiles;
        foreach (string dimension in settings.Texts(nameof(options.Dimensions)))
            options.Dimensions.Add(dimension);
        if (settings.Section(nameof(options.LogFiles)) is { } files)
            Apply(files, options.LogFiles);
        options.Durability = settings.Choice<Durability>(nameof(options.Durability)) ?? options.Durability;
        options.MetricsInterval = settings.Time(nameof(options.MetricsInterval)) ?? options.MetricsInterval;
        options.ShutdownTimeout = settings.Time(nameof(options.ShutdownTimeout)) ?? options.ShutdownTimeout;

        options.AlertMinSuccessRate = settings.Double(nameof(options.AlertMinSuccessRate)) ?? options.AlertMinSuccessRate;
        options.AlertMaxGenerationTime = settings.Time(nameof(options.AlertMaxGenerationTime)) ?? options.AlertMaxGenerationTime;
        options.AlertMaxErrorRate = settings.Double(nameof(options.AlertMaxErrorRate)) ?? options.AlertMaxErrorRate;
        options.AlertMaxPromptTokenMean = settings.Double(nameof(options.AlertMaxPromptTokenMean)) ?? options.AlertMaxPromptTokenMean;
        options.AlertMaxCompletionTokenMean =
            settings.Double(nameof(options.AlertMaxCompletionTokenMean)) ?? options.AlertMaxCompletionTokenMean;
        options.AlertMaxTotalTokenMean = settings.Double(nameof(options.AlertMaxTotalTokenMean)) ?? options.AlertMaxTotalTokenMean;
        options.AlertMaxConversationLengthMean =
            settings.Double(nameof(options.AlertMaxConversationLengthMean)) ?? options.AlertMaxConversationLengthMean;
        options.AlertConfidence = settings.Double(nameof(options.AlertConfidence)) ?? options.AlertConfidence;
        options.AlertRepeatInterval = settings.Time(nameof(options.AlertRepeatInterval)) ?? options.AlertRepeatInterval;
        foreach (AlertRule rule in RuleSettings.Read(settings.List(nameof(options.AlertRules))))
            options.AlertRules.Add(rule);

        options.TokenUsageCallbackInterval =
            settings.Time(nameof(options.TokenUsageCallbackInterval)) ?? options.TokenUsageCallbackInterval;
        if (settings.Section(nameof(options.Pricing)) is { } prices)
            options.Pricing = PriceSettings.Read(prices);
        foreach (SettingsNode budget in settings.List(nameof(options.Budgets)))
            options.Budgets.Add(ReadBudget(budget));
        options.ReservationTimeout = settings.Time(nameof(options.ReservationTimeout)) ?? options.ReservationTimeout;

        options.BufferFullMode = settings.Choice<BufferFullMode>(nameof(options.BufferFullMode)) ?? options.BufferFullMode;
        options.BufferCapacity = Integer(settings, nameof(options.BufferCapacity)) ?? options.BufferCapacity;
        options.HandlerTimeLimit = settings.Time(nameof(options.HandlerTimeLimit)) ?? options.HandlerTimeLimit;
        options.MaxRetainedPoints = Integer(settings, nameof(options.MaxRetainedPoints)) ?? options.MaxRetainedPoints;
        options.CardinalityLimit = Integer(settings, nameof(options.CardinalityLimit)) ?? options.CardinalityLimit;
        settings.RefuseOthers();
    }

    private static bool? Flag(SettingsNode settings, string key) => settings.Text(key) switch
    {
        null => null,
        { } text when bool.TryParse(text, out bool flag) => flag,
        { } text => throw settings.Wrong(key, $"'{text}' must be true or false."),
    };

    private static void Apply(SettingsNode settings, LogFileOptions files)
    {
        files.MaxFileSize = settings.Whole(nameof(files.MaxFileSize)) ?? files.MaxFileSize;
        files.MaxFileAge = settings.Time(nameof(files.MaxFileAge)) ?? files.MaxFileAge;
        files.MaxTotalSize = settings.Whole(nameof(files.MaxTotalSize)) ?? files.MaxTotalSize;
        files.MinRetention = settings.Time(nameof(files.MinRetention)) ?? files.MinRetention;
        files.MaxTextLength = Integer(settings, nameof(files.MaxTextLength)) ?? files.MaxTextLength;
        files.Durability = settings.Choice<Durability>(nameof(files.Durability)) ?? files.Durability;
        settings.RefuseOthers();
    }

    private static Budget ReadBudget(SettingsNode settings)
    {
        string? name = settings.Text(nameof(Budget.Name));
        decimal? limit = settings.Decimal(nameof(Budget.Limit));
        BudgetUnit? unit = settings.Choice<BudgetUnit>(nameof(Budget.Unit));
        BudgetPeriod? period = settings.Choice<BudgetPeriod>(nameof(Budget.Period));
        string? model = settings.Text(nameof(Budget.ModelName));
        KeyValuePair<string, string>? tag = settings.Section(nameof(Budget.Tag)) is { } pair ? ReadTag(pair) : null;
        string? resumeFrom = settings.Text(nameof(Budget.ResumeFrom));
        IReadOnlyList<string> shares = settings.Texts(nameof(Budget.WarnAt));

        // Report a mistyped key before the setting that is then missing.
        settings.RefuseOthers();
        var budget = new Budget
        {
            Name = name ?? throw Required(nameof(Budget.Name)),
            Limit = limit ?? throw Required(nameof(Budget.Limit)),
            Unit = unit ?? throw Required(nameof(Budget.Unit)),
            Period = period ?? default,
            ModelName = model,
            Tag = tag,
            ResumeFrom = resumeFrom,
            WarnAt = shares.Count > 0 ? [.. shares.Select(Share)] : null,
        };
        return budget.Fault() is { } fault ? throw settings.Wrong(fault.Setting, fault.Rule) : budget;

        FormatException Required(string key) => settings.Wrong(key, "is required.");

        double Share(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share)
            ? share
            : throw settings.Wrong(nameof(Budget.WarnAt), $"must be a number, not '{text}'.");
    }

    private static KeyValuePair<string, string> ReadTag(SettingsNode settings)
    {
        string key = settings.RequiredText("Key");
        string value = settings.Text("Value") ?? throw settings.Wrong("Value", "is required.");
        settings.RefuseOthers();
        return new(key, value);
    }

    private static int? Integer(SettingsNode settings, string key)
    {
        long? value = settings.Whole(key);
        return value is < int.MinValue or > int.MaxValue
            ? throw settings.Wrong(key, $"must be from {int.MinValue} to {int.MaxValue}.")
            : (int?)value;
    }
}
