using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Afterimage.Monitoring;

/// <summary>A configuration as if it had no sections of certain keys.</summary>
internal sealed class ConfigurationWithout(IConfiguration configuration, string[] hidden) : IConfiguration
{
    private static readonly IConfiguration Empty = new ConfigurationBuilder().Build();

    public string? this[string key]
    {
        get => IsHidden(key) ? null : configuration[key];
        set => configuration[key] = value;
    }

    public IEnumerable<IConfigurationSection> GetChildren() => configuration.GetChildren().Where(section => !IsHidden(section.Key));

    public IChangeToken GetReloadToken() => configuration.GetReloadToken();

    public IConfigurationSection GetSection(string key) => IsHidden(key) ? Empty.GetSection(key) : configuration.GetSection(key);

    private bool IsHidden(string key) => hidden.Contains(key, StringComparer.OrdinalIgnoreCase);
}
