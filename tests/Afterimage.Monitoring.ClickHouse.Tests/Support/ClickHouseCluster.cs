using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>A real cluster on ports of 127.0.0.1: ZooKeeper and a server for each replica, all of which are killed at the end.</summary>
internal sealed class ClickHouseCluster : IAsyncDisposable
{
    private const string JavaLibraries = "/usr/share/java";

    private static readonly string[] Jars =
        ["zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple", "netty-all", "metrics-core", "snappy-java", "commons-cli"];

    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly List<Replica> _replicas = [];
    private readonly HttpClient _client = new() { Timeout = Generous };
    private readonly CancellationTokenSource _ending = new();
    private Process? _zooKeeper;
    private Task _supervising = Task.CompletedTask;
    private int _zooKeeperPort;

    private ClickHouseCluster()
    {
    }

    /// <summary>The nodes: the replicas of the first shard, then those of the next.</summary>
    public IReadOnlyList<Uri> Urls => [.. _replicas.Select(replica => replica.Url)];

    public int ZooKeeperId => _zooKeeper!.Id;

    /// <summary>Settings for the cluster.</summary>
    public FleetOptions Options => new() { Urls = Urls };

    /// <summary>Starts one, and ends when all its servers answer.</summary>
    /// <param name="shards">Shards.</param>
    /// <param name="replicas">Replicas of each.</param>
    /// <param name="users">More users, as elements of users.xml.</param>
    /// <param name="profiles">More profiles.</param>
    /// <param name="firstDirectory">The directory of the first node. Default: one beside the others.</param>
    public static async Task<ClickHouseCluster> StartAsync(
        int shards,
        int replicas,
        string users = "",
        string profiles = "",
        string? firstDirectory = null)
    {
        Need.Linux();
        Need.Command("clickhouse-server");
        Need.Command("java");
        Need.That(File.Exists(Path.Combine(JavaLibraries, "zookeeper.jar")), "This test needs Debian's package zookeeper.");
        var cluster = new ClickHouseCluster();
        try
        {
            int[] ports = FreePorts.Take(1 + (3 * shards * replicas));
            cluster._zooKeeperPort = ports[0];
            for (int i = 0; i < shards * replicas; i++)
            {
                cluster._replicas.Add(
                    new Replica(
                        i == 0 && firstDirectory is not null ? firstDirectory : Path.Combine(cluster._directory.Path, $"node{i + 1}"),
                        (i / replicas) + 1,
                        (i % replicas) + 1,
                        ports[(3 * i) + 1],
                        ports[(3 * i) + 2],
                        ports[(3 * i) + 3]));
            }

            // Servers of this version are prone to crash where there is no ZooKeeper to connect to.
            cluster.StartZooKeeper();
            await cluster.WaitForZooKeeperAsync();
            foreach (Replica replica in cluster._replicas)
            {
                cluster.Configure(replica, users, profiles);
                replica.Start();
            }

            cluster._supervising = cluster.SuperviseAsync();
            foreach (Replica replica in cluster._replicas)
                await cluster.WaitForAsync(replica);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks a node.</summary>
    public async Task<string> AskAsync(string sql, int node = 0)
    {
        using HttpResponseMessage response = await _client.PostAsync(
            _replicas[node].Url,
            new StringContent(sql),
            TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return text.TrimEnd('\n');
    }

    /// <summary>Counts rows of all shards, once every replica has them.</summary>
    public async Task<string> CountAsync(string database, string table, string where = "1")
    {
        await SyncAsync(database);
        return await AskAsync($"SELECT count() FROM {database}.{table} WHERE {where}");
    }

    /// <summary>Waits until every replica has what another one of its shard has: any replica may answer.</summary>
    public async Task SyncAsync(string database)
    {
        for (int node = 0; node < _replicas.Count; node++)
        {
            foreach (string table in LineTable.All.Select(lines => lines.LocalName).Append(FleetSchema.RunParts))
                await AskAsync($"SYSTEM SYNC REPLICA {database}.{table}", node);
        }
    }

    /// <summary>Kills a server as kill -9 does.</summary>
    public void Kill(int node) => _replicas[node].Kill();

    /// <summary>Starts a server that was killed, and waits until it answers.</summary>
    public async Task RestartAsync(int node)
    {
        _replicas[node].Start();
        await WaitForAsync(_replicas[node]);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _supervising;
        _ending.Dispose();
        foreach (Replica replica in _replicas)
            replica.Kill();
        if (_zooKeeper is not null)
        {
            _zooKeeper.Kill();
            await _zooKeeper.WaitForExitAsync(CancellationToken.None);
            _zooKeeper.Dispose();
        }

        _client.Dispose();
        _directory.Dispose();
    }

    private void StartZooKeeper()
    {
        string data = Directory.CreateDirectory(Path.Combine(_directory.Path, "zookeeper")).FullName;
        string configuration = Path.Combine(_directory.Path, "zoo.cfg");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            tickTime=500
            maxSessionTimeout=30000
            dataDir={data}
            clientPort={_zooKeeperPort}
            clientPortAddress=127.0.0.1
            maxClientCnxns=0
            admin.enableServer=false

            """));
        string path = string.Join(Path.PathSeparator, Jars.Select(jar => Path.Combine(JavaLibraries, jar + ".jar")));
        _zooKeeper = Start(
            "java",
            ["-Xmx128m", "-Dzookeeper.forceSync=no", "-cp", path, "org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration],
            Path.Combine(_directory.Path, "zookeeper.out"));
    }

    /// <summary>Starts servers again that have crashed, as a machine's supervisor does: those of version 18.16 do, at times, when they lose
    /// ZooKeeper.</summary>
    private async Task SuperviseAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            foreach (Replica replica in _replicas)
                replica.RestartIfCrashed();
            await Task.Delay(200, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WaitForZooKeeperAsync()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, _zooKeeperPort, TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException)
            {
                Assert.False(_zooKeeper!.HasExited, "ZooKeeper has ended.");
                Assert.True(waited.Elapsed < Generous, "ZooKeeper does not listen.");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private void Configure(Replica replica, string users, string profiles)
    {
        foreach (string part in new[] { "data", "tmp", "formats" })
            Directory.CreateDirectory(Path.Combine(replica.Directory, part));
        File.WriteAllText(Path.Combine(replica.Directory, "users.xml"), $"""
            <yandex>
              <profiles><default><max_memory_usage>4000000000</max_memory_usage></default>{profiles}</profiles>
              <users>
                <default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default>
                {users}
              </users>
              <quotas><default/></quotas>
            </yandex>
            """);
        IEnumerable<string> shards = _replicas.GroupBy(other => other.Shard).Select(shard =>
            "<shard><internal_replication>true</internal_replication>"
            + string.Concat(shard.Select(other =>
                FormattableString.Invariant($"<replica><host>127.0.0.1</host><port>{other.TcpPort}</port></replica>")))
            + "</shard>");
        File.WriteAllText(Path.Combine(replica.Directory, "config.xml"), string.Create(CultureInfo.InvariantCulture, $"""
            <yandex>
              <logger>
                <level>information</level>
                <log>{replica.Directory}/server.log</log>
                <errorlog>{replica.Directory}/error.log</errorlog>
              </logger>
              <listen_host>127.0.0.1</listen_host>
              <http_port>{replica.HttpPort}</http_port>
              <tcp_port>{replica.TcpPort}</tcp_port>
              <interserver_http_port>{replica.InterserverPort}</interserver_http_port>
              <interserver_http_host>127.0.0.1</interserver_http_host>
              <path>{replica.Directory}/data/</path>
              <tmp_path>{replica.Directory}/tmp/</tmp_path>
              <format_schema_path>{replica.Directory}/formats/</format_schema_path>
              <users_config>{replica.Directory}/users.xml</users_config>
              <default_profile>default</default_profile>
              <default_database>default</default_database>
              <mark_cache_size>16777216</mark_cache_size>
              <zookeeper>
                <node><host>127.0.0.1</host><port>{_zooKeeperPort}</port></node>
                <session_timeout_ms>30000</session_timeout_ms>
              </zookeeper>
              <macros><shard>{replica.Shard}</shard><replica>{replica.Number}</replica></macros>
              <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
              <remote_servers><fleet>{string.Concat(shards)}</fleet></remote_servers>
            </yandex>
            """));
    }

    private async Task WaitForAsync(Replica replica)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                // Tables are loaded, and ZooKeeper is there.
                using HttpResponseMessage answer = await _client.PostAsync(
                    replica.Url,
                    new StringContent("SELECT count() FROM system.zookeeper WHERE path = '/'"),
                    TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            Assert.True(waited.Elapsed < Generous, $"A server does not answer: {replica.Directory}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments, string output)
    {
        // Through a shell, for what it says goes to a file that nobody has to read; the shell becomes the program.
        string command = "exec \"$0\" \"$@\" >>" + $"'{output}' 2>&1";
        return Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command, program, .. arguments]))!;
    }

    private sealed class Replica(string directory, int shard, int number, int httpPort, int tcpPort, int interserverPort)
    {
        private readonly Lock _lock = new();
        private Process? _process;

        public string Directory => directory;

        public int Shard => shard;

        public int Number => number;

        public int HttpPort => httpPort;

        public int TcpPort => tcpPort;

        public int InterserverPort => interserverPort;

        public Uri Url => new(FormattableString.Invariant($"http://127.0.0.1:{httpPort}/"));

        public void Start()
        {
            lock (_lock)
            {
                _process = ClickHouseCluster.Start(
                    "clickhouse-server",
                    [$"--config-file={directory}/config.xml"],
                    Path.Combine(directory, "out.log"));
            }
        }

        public void RestartIfCrashed()
        {
            lock (_lock)
            {
                if (_process?.HasExited != true)
                    return;
                _process.Dispose();
                Start();
            }
        }

        public void Kill()
        {
            lock (_lock)
            {
                if (_process is null)
                    return;
                _process.Kill();
                _process.WaitForExit();
                _process.Dispose();
                _process = null;
            }
        }
    }
}
