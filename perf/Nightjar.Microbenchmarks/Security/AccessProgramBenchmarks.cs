using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>What one decision costs that is not cached, by the number of rules.</summary>
[MemoryDiagnoser]
public class AccessProgramBenchmarks
{
    private readonly Identity _user = new("client7", "user7", null);
    private readonly byte[] _literal = "site/7/line/7/temp"u8.ToArray();
    private readonly byte[] _pattern = "dev/client7/status"u8.ToArray();
    private readonly byte[] _nothing = "site/none/line/7/temp"u8.ToArray();
    private readonly byte[] _filter = Encoding.UTF8.GetBytes("site/+/line/#");
    private IAuthorizer _program = null!;
    private string[] _lines = [];

    /// <summary>Lines in the file.</summary>
    [Params(1, 100, 10_000)]
    public int Rules { get; set; }

    /// <summary>Compiles.</summary>
    [GlobalSetup]
    public void Setup()
    {
        // Half the lines are literal topics, a quarter have wildcards; each tenth takes rights away.
        _lines = ["user user7", .. Enumerable.Range(0, Rules).Select(i => (i % 10) switch
        {
            1 => $"topic deny site/{i}/line/secret/#",
            2 or 3 => $"topic read site/+/line/{i}/#",
            4 => "pattern readwrite dev/%c/#",
            _ => $"topic readwrite site/{i + 7}/line/7/temp",
        })];
        _program = AccessList.Parse(_lines, "f").Compile();
    }

    /// <summary>A topic that a literal line grants.</summary>
    [Benchmark]
    public bool Literal() => _program.May(_user, AccessAction.Write, _literal);

    /// <summary>A topic that a pattern grants.</summary>
    [Benchmark]
    public bool Pattern() => _program.May(_user, AccessAction.Write, _pattern);

    /// <summary>A topic that nothing grants.</summary>
    [Benchmark]
    public bool Nothing() => _program.May(_user, AccessAction.Write, _nothing);

    /// <summary>A filter with wildcards.</summary>
    [Benchmark]
    public bool Subscribe() => _program.May(_user, AccessAction.Subscribe, _filter);

    /// <summary>Reading and compiling the lines.</summary>
    [Benchmark]
    public IAuthorizer Compile() => AccessList.Parse(_lines, "f").Compile();
}
