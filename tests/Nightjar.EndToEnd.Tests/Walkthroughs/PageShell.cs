using System.Globalization;
using System.Text.RegularExpressions;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>A shell in a folder of its own, for the commands of a chapter: ports of the page become free ones, the broker's log goes to a file.</summary>
internal sealed partial class PageShell : IAsyncDisposable
{
    private const string LogName = "broker.log";
    private static readonly string[] s_pagePorts = ["1883", "1884", "8883", "8884"];

    private readonly PublicFolder _folder = new();
    private readonly RunningProcess _shell = RunningProcess.Start("/bin/bash", ["--norc", "--noprofile"]);
    private readonly Dictionary<string, string> _ports;
    private int _commands;
    private int _starts;
    private int _reloads;

    private PageShell() => _ports = s_pagePorts
        .Zip(BrokerProcess.FreePorts(s_pagePorts.Length), (page, free) => (page, free.ToString(CultureInfo.InvariantCulture)))
        .ToDictionary(pair => pair.page, pair => pair.Item2, StringComparer.Ordinal);

    /// <summary>Starts one.</summary>
    /// <param name="maker">Whose tools the names <c>mosquitto_pub</c> and <c>mosquitto_sub</c> stand for.</param>
    public static async Task<PageShell> StartAsync(string maker)
    {
        var shell = new PageShell();
        await shell._shell.WriteLineAsync($"cd {shell._folder.Path}; export PATH={AppContext.BaseDirectory}:$PATH; umask 022");
        if (maker == ToolSet.Nightjar)
            await shell._shell.WriteLineAsync("mosquitto_pub() { nightjar pub \"$@\"; }; mosquitto_sub() { nightjar sub \"$@\"; }");
        return shell;
    }

    /// <summary>Writes a file of the page. Brokers listen on the loopback interface only.</summary>
    public void Write(string name, string text) => _folder.Write(name, WithPorts(Listener().Replace(text, "listener $1 127.0.0.1")));

    /// <summary>Runs the commands of a block, each of which must print what the page says.</summary>
    /// <exception cref="IOException">The broker did not start.</exception>
    public async Task RunAsync(string block)
    {
        foreach (string part in ("\n" + block).Split("\n$ ").Skip(1))
        {
            string[] lines = part.TrimEnd('\n').Split('\n');
            string[] expected = [.. lines.Skip(1)];
            string[] printed = await RunCommandAsync(lines[0]);
            Assert.True(expected.SequenceEqual(printed), $"$ {lines[0]}\nexpected:\n{string.Join('\n', expected)}\nprinted:\n{string.Join('\n', printed)}\n{Log()}");
        }
    }

    /// <summary>Waits until the broker's log has the lines of a block; numbers may be others.</summary>
    public async Task ExpectLogAsync(string block)
    {
        foreach (string line in block.TrimEnd('\n').Split('\n'))
            await Wait.UntilAsync(() => Log().Split('\n').Select(WithoutNumbers).Contains(WithoutNumbers(line)), $"the log line '{line}' in\n{Log()}");
    }

    /// <summary>A configuration must be what the broker takes, with all files that it names.</summary>
    public async Task CheckAsync(string configuration)
    {
        string[] printed = await RunCommandAsync($"nightjar -c {configuration} --test-config");
        Assert.EndsWith(": Configuration file is OK.", string.Join('\n', printed), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _shell.KillTree();
        await _shell.DisposeAsync();
        _folder.Dispose();
    }

    private static string WithoutNumbers(string line) => Number().Replace(line, "0");

    private async Task<string[]> RunCommandAsync(string command)
    {
        string run = WithPorts(command);
        if (run.EndsWith(" &", StringComparison.Ordinal)) run = $"{run[..^2]} </dev/null >/dev/null 2>>{LogName} &";
        else if (run == "kill $!") run = "{ kill $!; wait $!; [ $? = 0 ] || echo not ended with 0; }";
        else run = $"{{ {run}\n}} </dev/null 2>&1";
        string end = string.Create(CultureInfo.InvariantCulture, $"<<end of {++_commands}>>");
        int before = _shell.Output.Length;
        await _shell.WriteLineAsync($"{run}\nprintf '\\n%s\\n' '{end}'");
        await _shell.WaitForLineAsync(line => line == end);
        string printed = _shell.Output.Remove(0, before).Replace(end, "", StringComparison.Ordinal).Trim('\n');
        await AwaitBrokerAsync(command);
        return printed.Length == 0 ? [] : printed.Split('\n');
    }

    private async Task AwaitBrokerAsync(string command)
    {
        if (command.EndsWith(" &", StringComparison.Ordinal))
        {
            _starts++;
            await Wait.UntilAsync(() => Count(" running") >= _starts || Log().Contains("Unable to start", StringComparison.Ordinal), "the broker to run");
            if (Count(" running") < _starts) throw new IOException(Log());
        }
        else if (command.Contains("kill -HUP", StringComparison.Ordinal))
        {
            _reloads++;
            await Wait.UntilAsync(() => Log().Split('\n').Count(line => line.Contains(" Config reloaded: ", StringComparison.Ordinal)) >= _reloads, "the reload");
        }
    }

    private int Count(string end) => Log().Split('\n').Count(line => line.EndsWith(end, StringComparison.Ordinal));

    private string Log() => File.Exists(_folder[LogName]) ? File.ReadAllText(_folder[LogName]) : "";

    private string WithPorts(string text) => PagePort().Replace(text, match => _ports[match.Value]);

    [GeneratedRegex(@"\b(1883|1884|8883|8884)\b")]
    private static partial Regex PagePort();

    [GeneratedRegex(@"^listener (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Listener();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
