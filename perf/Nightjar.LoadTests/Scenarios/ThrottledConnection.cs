using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Transport;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>A connection whose owner reads slowly: what a consumer that cannot keep up looks like to a broker.</summary>
internal sealed class ThrottledConnection : TransportConnection
{
    private readonly TransportConnection _inner;
    private readonly ThrottledPipeReader _input;

    internal ThrottledConnection(TransportConnection inner, int bytesPerSecond)
    {
        _inner = inner;
        _input = new ThrottledPipeReader(inner.Input, bytesPerSecond);
    }

    public override PipeReader Input => _input;

    public override OutputPipeWriter Output => _inner.Output;

    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    public override SocketError Error => _inner.Error;

    public override void Abort()
    {
        _input.StopThrottling();
        _inner.Abort();
    }

    public override ValueTask CloseAsync(TimeSpan linger)
    {
        _input.StopThrottling();
        return _inner.CloseAsync(linger);
    }

    public override ValueTask DisposeAsync()
    {
        _input.StopThrottling();
        return _inner.DisposeAsync();
    }
}
