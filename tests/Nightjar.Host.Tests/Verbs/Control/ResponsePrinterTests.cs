using System.Text;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>What is printed for what brokers answer: mosquitto_ctrl's output of 2.0, and of 2.1 where the broker says more.</summary>
public sealed class ResponsePrinterTests
{
    private const string Client20 = """{"command":"getClient","data":{"client":{"username":"u","clientid":"id","disabled":true,"roles":[{"rolename":"r","priority":7},{"rolename":"s"}],"groups":[{"groupname":"g","priority":5}]}}}""";

    private const string Client21 = """{"command":"getClient","data":{"client":{"username":"u","textname":"N","roles":[],"groups":[{"groupname":"g"},{"groupname":"h"}],"connections":[{"address":"127.0.0.1"},{"address":"::1"}]}}}""";

    private const string Group = """{"command":"getGroup","data":{"group":{"groupname":"g","textname":"N","textdescription":"D","roles":[{"rolename":"r"}],"clients":[{"username":"u"},{"username":"v"}]}}}""";

    private const string Role = """{"command":"getRole","data":{"role":{"rolename":"r","allowwildcardsubs":false,"acls":[{"acltype":"publishClientSend","topic":"a/b","priority":3,"allow":true},{"acltype":"subscribeLiteral","topic":"a","allow":false}]}}}""";

    private const string Access = """{"command":"getDefaultACLAccess","data":{"acls":[{"acltype":"publishClientSend","allow":false},{"acltype":"subscribe","allow":true}]}}""";

    private const string Listeners = """{"command":"listListeners","data":{"listeners":[{"port":1883,"protocol":"mqtt","tls":false},{"port":0,"protocol":"mqtt","socket-path":"/run/m","bind-address":"127.0.0.1","tls":true}]}}""";

    private const string Plugins = """{"command":"listPlugins","data":{"plugins":[{"name":"dynamic-security","version":"2.1.2","control-endpoints":["$CONTROL/dynamic-security/v1","$CONTROL/x"]},{"name":"other"}]}}""";

    [Theory]
    [InlineData("""{"command":"createClient"}""", "")]
    [InlineData("""{"command":"listClients","data":{"totalCount":2,"clients":["a","b"]}}""", "a\nb\n")]
    [InlineData("""{"command":"LISTGROUPS","data":{"groups":[{"groupname":"g"},"h",7,{}]}}""", "g\nh\n")]
    [InlineData("""{"command":"listRoles","data":{"roles":[]}}""", "")]
    [InlineData("""{"command":"getAnonymousGroup","data":{"group":{"groupname":"g"}}}""", "g\n")]
    [InlineData(Client20, "Username: u\nClientid: id\nDisabled: true\nRoles:    r (priority: 7)\n          s (priority: -1)\nGroups:   g (priority: 5)\n")]
    [InlineData(Client21, "Username:    u\nClientid:\nGroups:      g (priority: -1)\n             h (priority: -1)\nConnections: 127.0.0.1\n             ::1\n")]
    [InlineData(Group, "Groupname: g\nRoles:     r (priority: -1)\nClients:   u\n           v\n")]
    [InlineData(Role, "Rolename: r\nACLs:     publishClientSend    : allow : a/b (priority: 3)\n          subscribeLiteral     : deny  : a (priority: -1)\n")]
    [InlineData(Access, "publishClientSend    : deny\nsubscribe            : allow\n")]
    [InlineData("""{"command":"getDetails","data":{"clientCount":3,"groupCount":2,"roleCount":1,"changeIndex":42}}""", "Client count:   3\nGroup count:    2\nRole count:     1\nChange index:   42\n")]
    [InlineData("""{"command":"explain","data":{"explanation":["one","two"]}}""", "one\ntwo\n")]
    [InlineData(Listeners, "Listener 1:\n  Port:              1883\n  Protocol:          mqtt\n  TLS:               false\n\nListener 2:\n  Port:              0\n  Protocol:          mqtt\n  Socket path:       /run/m\n  Bind address:      127.0.0.1\n  TLS:               true\n\n")]
    [InlineData(Plugins, "Plugin:            dynamic-security\nVersion:           2.1.2\nControl endpoints: $CONTROL/dynamic-security/v1\n                   $CONTROL/x\nPlugin:            other\n")]
    [InlineData("""{"command":"listClients","data":{"clients":["\u001b[2Jx\n"]}}""", "\\u001b[2Jx\\u000a\n")]
    public void Responses_OfTheCommandLine_ArePrinted(string response, string expected)
    {
        using var output = new StringWriter { NewLine = "\n" };

        Assert.True(ResponsePrinter.Print(Read(response), output));

        Assert.Equal(expected, output.ToString());
    }

    [Theory]
    [InlineData("""{"command":"createClient"}""", "OK\n")]
    [InlineData("""{"command":"listClients","data":{"totalCount":2,"clients":["a","b"]}}""", "a\nb\n")]
    [InlineData(Client20, "Username:\n  u\nClientid:\n  id\nDisabled:\n  true\nRoles:\n  r (priority: 7)\n  s (priority: -1)\nGroups:\n  g (priority: 5)\n")]
    [InlineData(Client21, "Username:\n  u\nText name:\n  N\nGroups:\n  g (priority: -1)\n  h (priority: -1)\nConnections:\n  127.0.0.1\n  ::1\n")]
    [InlineData(Group, "Group name:\n  g\nText name:\n  N\nText description:\n  D\nRoles:\n  r (priority: -1)\nClients:\n  u\n  v\n")]
    [InlineData(Role, "Role name:\n  r\nAllow wildcard subscriptions:\n  false\nACLs:\n  publishClientSend    allow a/b (priority 3)\n  subscribeLiteral     deny a (priority -1)\n")]
    [InlineData(Access, "publishClientSend    deny\nsubscribe            allow\n")]
    [InlineData("""{"command":"getDetails","data":{"clientCount":3,"groupCount":2,"roleCount":1,"changeIndex":42}}""", "Client count:   3\nGroup count:    2\nRole count:     1\nChange index:   42\n")]
    [InlineData(Listeners, "Listener:\n  Port:\n    1883\n  Protocol:\n    mqtt\n  TLS:\n    false\n\nListener:\n  Port:\n    0\n  Protocol:\n    mqtt\n  Socket path:\n    /run/m\n  Bind address:\n    127.0.0.1\n  TLS:\n    true\n\n")]
    [InlineData(Plugins, "Plugin:\n  dynamic-security\nVersion:\n  2.1.2\nControl endpoints:\n  $CONTROL/dynamic-security/v1\n  $CONTROL/x\n\nPlugin:\n  other\n\n")]
    public void Responses_OfTheShell_ArePrinted(string response, string expected)
    {
        using var output = new StringWriter { NewLine = "\n" };

        Assert.True(ShellPrinter.Print(Read(response), output));

        Assert.Equal(expected.ReplaceLineEndings(), output.ToString().ReplaceLineEndings());
    }

    [Theory]
    [InlineData("listClients", "{}")]
    [InlineData("listGroups", """{"groups":7}""")]
    [InlineData("getClient", """{"client":[]}""")]
    [InlineData("getClient", """{"client":{"username":7}}""")]
    [InlineData("getGroup", """{"client":{}}""")]
    [InlineData("getRole", "{}")]
    [InlineData("getDefaultACLAccess", """{"acls":[{"acltype":"x"}]}""")]
    [InlineData("getAnonymousGroup", """{"group":null}""")]
    [InlineData("listPlugins", """{"plugins":[7]}""")]
    [InlineData("listListeners", """{"listeners":null}""")]
    [InlineData("explain", "{}")]
    public void Data_ThatIsNotWhatItsCommandPromises_IsInvalid(string command, string data)
    {
        ControlResponse response = Read($$"""{"command":"{{command}}","data":{{data}}}""");

        Assert.False(ResponsePrinter.Print(response, TextWriter.Null));
        Assert.False(ShellPrinter.Print(response, TextWriter.Null));
    }

    private static ControlResponse Read(string response)
    {
        Assert.True(ControlReply.TryRead(Encoding.UTF8.GetBytes($$"""{"responses":[{{response}}]}"""), correlation: null, out ControlReply reply));
        return reply.Response!;
    }
}
