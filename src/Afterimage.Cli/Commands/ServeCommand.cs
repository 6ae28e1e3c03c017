using System.CommandLine;
using System.CommandLine.Parsing;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Afterimage.Cli.CommandLine;
using Afterimage.Monitoring;
using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.Server.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage serve</c>: serves pages about the live and finished runs below a directory, or in a cluster.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static readonly CommandHelp Help = new(
        """
        Prints a link that signs in the first browser that opens it. The pages show
        every run below ROOT, update live ones, and write nothing there. By default, the
        server can be reached only from this machine. To listen for other machines
        (--listen), it requires a key (--key-file), and a proxy with TLS in front of it.
        Ctrl+C or SIGTERM ends it.
        With --otlp, it also receives OpenTelemetry's protocol (OTLP), and creates a run
        below ROOT for each sender. Senders on this machine need no key unless
        --otlp-key-file is given. --pricing and --rules apply to what they send.
        With --fleet, the pages show the runs of a cluster, as far as they were shipped.
        Nothing is written there.
        """,
        [
            "afterimage serve\n# the runs below ./.afterimage-monitoring, on http://localhost:5180",
            "afterimage serve /var/lib/runs --port 8080 --open",
            "afterimage serve --otlp\n# and OTLP on http://localhost:4318 (HTTP) and :4317 (gRPC)",
            "afterimage serve --otlp --pricing prices.yaml --rules rules.yaml",
            "afterimage serve runs --listen 0.0.0.0 --key-file /etc/afterimage/key --allow-host monitor.example.org",
            "afterimage serve --fleet http://node1:8123 --user reader --password-file /etc/afterimage/password",
        ]);

    private const string DefaultRoot = ".afterimage-monitoring";
    private const int DefaultPort = 5180;
    private const int DefaultOtlpHttpPort = 4318;
    private const int DefaultOtlpGrpcPort = 4317;
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "Show the runs below this directory. [default: .afterimage-monitoring]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<int> port = PortOption("--port", "Serve the pages on this port; 0 selects a free port.", DefaultPort);
        var otlp = new Option<bool>("--otlp") { Description = "Also receive OTLP; each sender becomes a run below ROOT." };
        Option<int> otlpHttp = PortOption("--otlp-http-port", "Receive OTLP over HTTP on this port.", DefaultOtlpHttpPort);
        Option<int> otlpGrpc = PortOption("--otlp-grpc-port", "Receive OTLP over gRPC on this port.", DefaultOtlpGrpcPort);
        var otlpKey = new Option<string?>("--otlp-key-file")
        {
            Description = "Read the key that OTLP senders must give from the first line of this file. [default: no key]",
            HelpName = "FILE",
        };
        Option<string?> pricing = PriceFile.Option();
        Option<string?> rules = RuleFile.Option();
        var listen = new Option<IPAddress?>("--listen")
        {
            Description = "Listen on this IP address. [default: this machine only]",
            HelpName = "ADDRESS",
            CustomParser = ParseAddress,
        };
        var keyFile = new Option<string?>("--key-file")
        {
            Description = "Read the key that grants access, at least 16 characters, from the first line of this file. [default: no key]",
            HelpName = "FILE",
        };
        var hosts = new Option<string[]>("--allow-host")
        {
            Description = "Also accept requests for this host name, such as that of a proxy in front of the server.",
            HelpName = "NAME",
        };
        var fleet = new FleetConnection(isRequired: false);
        var open = new Option<bool>("--open") { Description = "Open the link in the default browser." };
        var command = new Command(Name, "Serve pages that show live and finished runs in the browser.")
        {
            root,
            port,
            listen,
            keyFile,
            hosts,
            open,
            otlp,
            otlpHttp,
            otlpGrpc,
            otlpKey,
            pricing,
            rules,
        };
        fleet.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Settings(
                parsed.GetValue(root),
                fleet.IsGiven(parsed) ? fleet.Options(parsed) : null,
                parsed.GetValue(port),
                parsed.GetValue(listen),
                parsed.GetValue(keyFile) is { } file ? ReadKey(file) : null,
                parsed.GetValue(hosts) ?? [],
                parsed.GetValue(open),
                ReadOtlp(parsed)),
            cancellationToken));
        return command;

        OtlpSettings? ReadOtlp(ParseResult parsed)
        {
            string? priceFile = parsed.GetValue(pricing);
            string? ruleFile = parsed.GetValue(rules);
            if (!parsed.GetValue(otlp))
            {
                if (parsed.GetValue(otlpKey) is not null)
                    throw new InputException("--otlp-key-file is for senders of OTLP, and requires --otlp.");
                return priceFile is null && ruleFile is null
                    ? null
                    : throw new InputException(
                        "--pricing and --rules apply to senders of OTLP, and require --otlp. Other runs have their own prices and rules.");
            }

            return new OtlpSettings(
                parsed.GetValue(otlpHttp),
                parsed.GetValue(otlpGrpc),
                parsed.GetValue(otlpKey) is { } otlpFile ? ReadKey(otlpFile) : null,
                priceFile is null ? null : PriceFile.Read(priceFile),
                ruleFile is null ? [] : RuleFile.Read(ruleFile));
        }
    }

    private static Option<int> PortOption(string name, string description, int port) =>
        new(name)
        {
            Description = description,
            HelpName = "PORT",
            DefaultValueFactory = _ => port,
            CustomParser = result => WholeNumber.Parse(result, name, 0, IPEndPoint.MaxPort),
        };

    private static IPAddress? ParseAddress(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (IPAddress.TryParse(text, out IPAddress? address))
            return address;
        result.AddError($"--listen must be an IP address such as 0.0.0.0, not '{Format.Name(text, 40)}'.");
        return null;
    }

    private static string ReadKey(string file)
    {
        try
        {
            string key = File.ReadLines(file).FirstOrDefault("").Trim();
            if (key.Length < GenerationServerOptions.MinKeyLength)
                throw new InputException($"The key in '{file}' must have at least {GenerationServerOptions.MinKeyLength} characters.");
            return HeaderText.IsPrintable(key)
                ? key
                : throw new InputException($"The key in '{file}' must contain only printable ASCII, because it is sent in a header.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"'{file}' cannot be read: {e.Message}", e);
        }
    }

    private static async Task<int> RunAsync(Settings settings, CancellationToken cancellationToken)
    {
        bool isLocal = settings.Address is not { } address || IPAddress.IsLoopback(address);
        if (!isLocal && settings.Key is null)
        {
            throw new InputException(
                "To listen beyond this machine, the server requires --key-file, and a proxy with TLS in front of it (docs/server.md).");
        }

        if (!isLocal && settings.Otlp is { Key: null })
            throw new InputException("To receive OTLP from beyond this machine, the server requires --otlp-key-file (docs/otlp.md).");

        if (settings.Fleet is not null && settings.Otlp is not null)
            throw new InputException("To receive OTLP, the server requires a directory: --otlp and --fleet must not be given together.");

        if (settings is { Fleet: not null, GivenRoot: not null })
            throw new InputException("The pages show a directory or a cluster: ROOT and --fleet must not be given together.");

        if (File.Exists(settings.Root))
            throw new InputException($"'{settings.Root}' must be a directory, not a file.");

        await using WebApplication app = Build(settings);
        int? pagesPort = null;
        app.MapGenerationServer();
        if (settings.Otlp is not null)
        {
            // Each port only serves its own endpoints.
            app.Use((context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<OtlpPort>() is null == (context.Connection.LocalPort == pagesPort))
                    return next(context);
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
            app.MapOtlp().Add(endpoint => endpoint.Metadata.Add(new OtlpPort()));
        }

        await StartAsync(app, settings, cancellationToken);

        int[] ports =
        [
            .. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a).Port),
        ];
        int port = ports[0];
        pagesPort = port;
        string host = settings.Address is null || settings.Address.Equals(IPAddress.Loopback) ? "localhost"
            : settings.Address.Equals(IPAddress.Any) || settings.Address.Equals(IPAddress.IPv6Any) ? Environment.MachineName
            : settings.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{settings.Address}]"
            : settings.Address.ToString();
        Uri link = app.Services.GetRequiredService<GenerationServer>()
            .CreateLink(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}/")));
        await Console.Out.WriteLineAsync(
            settings.Fleet is null
                ? $"The runs below {Path.GetFullPath(settings.Root)}:"
                : $"The runs in {FleetFigures.NameOf(settings.Fleet)}:");
        await Console.Out.WriteLineAsync($"  {link}");
        if (settings.Otlp is not null)
            await Console.Out.WriteLineAsync($"OTLP: http://{host}:{ports[1]} (HTTP), http://{host}:{ports[2]} (gRPC)");
        await Console.Out.WriteLineAsync("The link works once. Press Ctrl+C to end the server.");
        if (settings.Open)
            await OpenAsync(link);

        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server was asked to stop, which is its normal end.
        }

        using var limit = new CancellationTokenSource(ShutdownTimeout);
        await app.StopAsync(limit.Token);
        return ExitCodes.Success;
    }

    private static WebApplication Build(Settings settings)
    {
        // An error at start is reported in one sentence, and not logged as well. The builder is empty, so that settings files and
        // environment variables for other purposes have no effect.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)

            // A line for each connection beyond the limit would fill the log and, if nobody reads it, stop the server.
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel.Connections", LogLevel.Error)
            .AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
            console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(1);
            IPAddress address = settings.Address ?? IPAddress.Loopback;
            kestrel.Listen(address, settings.Port, Http1);
            if (settings.Otlp is not { } otlp)
                return;
            kestrel.Listen(address, otlp.HttpPort, Http1);
            kestrel.Listen(address, otlp.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        if (settings.Otlp is { } takes)
        {
            builder.Services.AddOtlpReceiver(new OtlpOptions
            {
                RootDirectory = settings.Root,
                Key = takes.Key,
                ConfigureMonitor = monitor =>
                {
                    monitor.Pricing = takes.Pricing;
                    foreach (AlertRule rule in takes.Rules)
                        monitor.AlertRules.Add(rule);
                },
            });
        }

        builder.Services.AddGenerationServer(options =>
        {
            options.Root = settings.Root;
            options.Fleet = settings.Fleet;
            options.Key = settings.Key;
            foreach (string host in settings.Hosts.Append(Environment.MachineName))
                options.AllowedHosts.Add(host);
        });
        return builder.Build();

        static void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
    }

    private static async Task StartAsync(WebApplication app, Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            (string option, int port) = settings.Ports.FirstOrDefault(
                taken => e.Message.Contains($":{taken.Port}:", StringComparison.Ordinal),
                settings.Ports[0]);
            throw new InputException($"Port {port} is in use. Choose another port with {option}, or 0 for any free port.", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new InputException($"The server cannot listen on {settings.Address ?? IPAddress.Loopback}: {e.Message}", e);
        }
    }

    private static async Task OpenAsync(Uri link)
    {
        try
        {
            using Process? browser = Process.Start(new ProcessStartInfo(link.AbsoluteUri) { UseShellExecute = true });
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or FileNotFoundException)
        {
            await Console.Error.WriteLineAsync("afterimage: No browser could be started. Open the link yourself.");
        }
    }

    /// <summary>Marks the endpoints that are only served on the OTLP ports.</summary>
    private sealed class OtlpPort;

    private sealed record OtlpSettings(int HttpPort, int GrpcPort, string? Key, ModelPricing? Pricing, IReadOnlyList<AlertRule> Rules);

    private sealed record Settings(
        string? GivenRoot,
        FleetOptions? Fleet,
        int Port,
        IPAddress? Address,
        string? Key,
        string[] Hosts,
        bool Open,
        OtlpSettings? Otlp)
    {
        public string Root => GivenRoot ?? DefaultRoot;

        public (string Option, int Port)[] Ports =>
        [
            ("--port", Port),
            .. Otlp is null ? Array.Empty<(string, int)>() : [("--otlp-http-port", Otlp.HttpPort), ("--otlp-grpc-port", Otlp.GrpcPort)],
        ];
    }
}
