namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Settings that are none.</summary>
public sealed class OptionsTests
{
    private static readonly FleetOptions Good = new() { Urls = [new Uri("http://node1:8123")] };

    public static TheoryData<FleetOptions, string> Wrong =>
        new()
        {
            { Good with { Urls = [] }, "Urls must contain the URL of at least one node." },
            { Good with { Urls = [new Uri("tcp://node1:9000")] }, "The URL 'tcp://node1:9000' must be" },
            { Good with { Urls = [new Uri("http://me:secret@node1:8123")] }, "The URL 'http://node1:8123' must be" },
            { Good with { Cluster = "a b" }, "The cluster name 'a b' must" },
            { Good with { Database = "1x" }, "The database name '1x' must" },
            { Good with { Password = "a", PasswordFile = "b" }, "Password and PasswordFile must not both be set" },
            { Good with { User = "müller" }, "User must contain only printable ASCII" },
            { Good with { Password = "secret\u00e9" }, "Password must contain only printable ASCII" },
            { Good with { Password = "secret\n" }, "Password must contain only printable ASCII" },
            { Good with { RequestTimeout = TimeSpan.Zero }, "RequestTimeout must be greater than zero." },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_setting_that_is_none_is_refused_with_a_reason(FleetOptions options, string reason)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new Fleet(options));

        Assert.StartsWith(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_file_with_what_no_header_can_carry_is_named_and_the_key_is_not()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "secret\u00e9\n");
        FleetException refused = Assert.Throws<FleetException>(() => new Fleet(Good with { PasswordFile = file }));
        File.Delete(file);

        Assert.StartsWith($"The key in '{file}' must contain only printable ASCII", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_file_that_is_not_there_is_named()
    {
        FleetException missing = Assert.Throws<FleetException>(() => new Fleet(Good with { PasswordFile = "/nowhere/key" }));

        Assert.StartsWith("The key in '/nowhere/key' cannot be read: ", missing.Message, StringComparison.Ordinal);
    }
}
