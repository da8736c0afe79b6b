using System.Net;
using Nightjar.Broker.Configuration;

namespace Nightjar.Broker.Connections;

/// <summary>The listeners of a broker: those of its options, which a reload changes all or nothing, and those the application brought, which stay.</summary>
/// <remarks>One change at a time: the caller sees to it. <see cref="EndPoints"/> and <see cref="Serve"/> may come from any thread.</remarks>
internal sealed class ListenerSet(BrokerCore core)
{
    private readonly Lock _gate = new();
    private List<ListenerLoop> _loops = [];

    /// <summary>Where the broker listens now, in the order of the options.</summary>
    internal IReadOnlyList<EndPoint> EndPoints
    {
        get
        {
            lock (_gate) return [.. _loops.Select(loop => loop.LocalEndPoint)];
        }
    }

    /// <summary>The listeners that are open now, and where each of them listens.</summary>
    internal IReadOnlyList<(ListenerOptions Options, EndPoint EndPoint)> Open
    {
        get
        {
            lock (_gate) return [.. _loops.Select(loop => (loop.Options, loop.LocalEndPoint))];
        }
    }

    /// <summary>Serves a listener that the application brought.</summary>
    internal void Serve(ListenerStack listener, ListenerOptions options)
    {
        lock (_gate) _loops.Add(new ListenerLoop(core, listener, options));
    }

    /// <summary>Makes the set what the options say. Sockets that stay are not touched: nobody who connects meanwhile is turned away.</summary>
    /// <returns>What to do once everything else of the reload is in force.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">An address cannot be listened on. Everything is as it was.</exception>
    /// <remarks>A socket that changes its kind (plain or TLS, MQTT or WebSockets, device) is closed and opened anew.</remarks>
    internal async Task<ListenerChange> PrepareAsync(IReadOnlyList<ListenerOptions> wanted)
    {
        var change = Compare(wanted);
        try
        {
            foreach (var item in change.Items.Where(item => item is { Kept: null, Replaced: null })) item.Opened = OpenSocket(item.Options);
            foreach (var item in change.Items)
            {
                if (item.Replaced is null) continue;
                await item.Replaced.CloseAsync();
                await item.Replaced.Completion;
                item.IsReplacedClosed = true;
                item.Opened = OpenSocket(item.Options);
            }
        }
        catch
        {
            await UndoAsync(change);
            throw;
        }

        return change;
    }

    /// <summary>Puts a prepared change into force: new connections are accepted under the new options, and sockets that are not wanted any more are closed. Does not fail.</summary>
    internal async Task CommitAsync(ListenerChange change)
    {
        lock (_gate)
        {
            var loops = new List<ListenerLoop>();
            foreach (var item in change.Items)
            {
                var loop = item.Kept ?? new ListenerLoop(core, item.Opened!, item.Options) { IsConfigured = true };
                loop.Options = item.Options;
                if (item.Replaced is not null) item.Replaced.Successor = loop;
                loops.Add(loop);
            }

            loops.AddRange(_loops.Where(loop => !loop.IsConfigured));
            _loops = loops;
        }

        foreach (var loop in change.Removed)
        {
            loop.IsRemoved = true;
            await loop.CloseAsync();
            await loop.Completion;
        }
    }

    /// <summary>Closes all of them.</summary>
    internal async Task CloseAsync()
    {
        List<ListenerLoop> loops;
        lock (_gate)
        {
            loops = _loops;
            _loops = [];
        }

        foreach (var loop in loops)
        {
            await loop.CloseAsync();
            await loop.Completion;
        }
    }

    private ListenerStack OpenSocket(ListenerOptions options) => ListenerStack.Open(options, core.Environment.Clock.Provider);

    private ListenerChange Compare(IReadOnlyList<ListenerOptions> wanted)
    {
        List<ListenerLoop> left;
        lock (_gate) left = [.. _loops.Where(loop => loop.IsConfigured)];
        var items = wanted.Select(options => new ListenerChangeItem(options)).ToList();
        foreach (var item in items) item.Kept = Take(left, loop => loop.Stack.CanTake(loop.Options, item.Options));
        foreach (var item in items.Where(item => item.Kept is null)) item.Replaced = Take(left, loop => IsSameAddress(loop.Options.EndPoint, item.Options.EndPoint));
        return new ListenerChange(items, left);
    }

    private static ListenerLoop? Take(List<ListenerLoop> loops, Predicate<ListenerLoop> predicate)
    {
        var index = loops.FindIndex(predicate);
        if (index < 0) return null;
        var loop = loops[index];
        loops.RemoveAt(index);
        return loop;
    }

    // A socket for all addresses of a port stands in the way of one for a single address, and the other way round.
    private static bool IsSameAddress(EndPoint one, EndPoint other) =>
        one is IPEndPoint first && other is IPEndPoint second
            ? first.Port != 0 && first.Port == second.Port && first.AddressFamily == second.AddressFamily
            : one.Equals(other);

    private async Task UndoAsync(ListenerChange change)
    {
        foreach (var item in change.Items)
        {
            if (item.Opened is not null) await item.Opened.Top.DisposeAsync();
        }

        // The address was ours a moment ago; when somebody else has taken it since, the error of the change says enough.
        foreach (var item in change.Items.Where(item => item.IsReplacedClosed)) Reopen(item.Replaced!);
    }

    private void Reopen(ListenerLoop closed)
    {
        ListenerLoop reopened;
        try
        {
            reopened = new ListenerLoop(core, OpenSocket(closed.Options), closed.Options) { IsConfigured = true };
        }
        catch (System.Net.Sockets.SocketException exception)
        {
            Diagnostics.BrokerLog.ListenerLost(core.Environment.Log, closed.LocalEndPoint.ToString() ?? "", exception.Message);
            lock (_gate) _loops.Remove(closed);
            return;
        }

        closed.Successor = reopened;
        lock (_gate) _loops[_loops.IndexOf(closed)] = reopened;
    }
}
