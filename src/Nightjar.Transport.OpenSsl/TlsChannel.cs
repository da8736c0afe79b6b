using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport.OpenSsl;

/// <summary>One end of a TLS connection: OpenSSL's object, what it reads from, and what it writes to.</summary>
/// <remarks>
/// <para>An SSL object is one for both directions and bears one thread at a time, so that a gate is around each call into it. The gate is the fill
/// side's lock of the output below as well: OpenSSL writes records, handshake messages and alerts in the middle of its calls. Sending follows
/// when the gate is left.</para>
/// <para>OpenSSL takes its input record by record, and gives its own buffers back between them; nothing else is kept here.</para>
/// </remarks>
internal sealed unsafe class TlsChannel : IDisposable
{
    /// <summary>What may wait below before no more is taken for sending; also what a flush waits for.</summary>
    internal const int Backlog = 64 * 1024;

    // What a peer that takes nothing can make us answer beyond that, to handshake messages and alerts.
    private const int MaximumBacklog = 4 * Backlog;

    private const int MaximumRecord = 16 * 1024;

    private readonly OutputPipeWriter _output;
    private readonly PskKeyTable? _keys;
    private readonly PskClientOptions? _own;
    private readonly Lock _gate = new();

    // Under the gate, from here on.
    private SslHandle _ssl = null!;
    private ReadOnlySequence<byte> _input;
    private string? _identity;
    private string? _unknownIdentity;
    private bool _isEstablished;
    private bool _isCloseSent;
    private bool _hasFailed;

    private TlsChannel(OutputPipeWriter output, PskKeyTable? keys, PskClientOptions? own)
    {
        _output = output;
        _keys = keys;
        _own = own;
    }

    /// <summary>Why it failed, for the log; null while it has not.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Makes the server's end.</summary>
    /// <returns>Null: OpenSSL found no memory.</returns>
    internal static TlsChannel? CreateServer(SslContextHandle context, OutputPipeWriter output, PskKeyTable keys) =>
        new TlsChannel(output, keys, null).Start(context);

    /// <summary>Makes the client's end.</summary>
    /// <returns>Null: OpenSSL found no memory.</returns>
    internal static TlsChannel? CreateClient(SslContextHandle context, OutputPipeWriter output, PskClientOptions own) =>
        new TlsChannel(output, null, own).Start(context);

    /// <summary>Goes on with the handshake.</summary>
    /// <param name="input">What came; what was not consumed when it returns. NeedMoreData leaves nothing.</param>
    /// <param name="session">What was agreed on, with Done.</param>
    internal TlsStatus ShakeHands(ref ReadOnlySequence<byte> input, out TlsSession? session)
    {
        TlsStatus status = TlsStatus.Failed;
        bool mustSend = false;
        session = null;
        lock (_gate)
        {
            if (!_hasFailed && !_ssl.IsClosed)
            {
                _input = input;
                LibCrypto.ClearErrors();
                int result = LibSsl.DoHandshake(_ssl);
                status = result == 1 ? TlsStatus.Done : StatusLocked(result);
                if (status == TlsStatus.Done)
                    session = EstablishLocked();
                input = TakeInputLocked();
                mustSend = _output.Commit();
            }
        }
        if (mustSend)
            _output.Send();
        return status;
    }

    /// <summary>Decrypts.</summary>
    /// <param name="input">What came; what was not consumed when it returns.</param>
    /// <param name="destination">Where the plain bytes go.</param>
    /// <param name="count">How many there are, whatever the status.</param>
    /// <returns>Done: the destination is full, and there may be more inside.</returns>
    internal TlsStatus Read(ref ReadOnlySequence<byte> input, Span<byte> destination, out int count)
    {
        TlsStatus status = TlsStatus.Done;
        bool mustSend;
        count = 0;
        lock (_gate)
        {
            if (_hasFailed || _ssl.IsClosed)
                return TlsStatus.Failed;
            _input = input;
            LibCrypto.ClearErrors();
            fixed (byte* start = destination)
            {
                while (count < destination.Length && status == TlsStatus.Done)
                {
                    int result = LibSsl.Read(_ssl, start + count, destination.Length - count);
                    if (result > 0)
                        count += result;
                    else
                        status = StatusLocked(result);
                }
            }
            input = TakeInputLocked();
            mustSend = _output.Commit();
        }
        if (mustSend)
            _output.Send();
        return status;
    }

    /// <summary>Encrypts and sends, as long as little waits below.</summary>
    /// <returns>How many bytes were taken; -1 when the channel has failed. After close_notify, everything is taken and goes nowhere.</returns>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        int total = 0;
        while (total < bytes.Length && _output.UnsentBytes <= Backlog)
        {
            bool mustSend;
            lock (_gate)
            {
                if (_isCloseSent)
                    return bytes.Length;
                if (!TryWriteLocked(bytes, ref total))
                    return -1;
                mustSend = _output.Commit();
            }
            if (mustSend)
                _output.Send();
        }
        return total;
    }

    /// <summary>Tells the peer in order that nothing follows, once, and with <paramref name="complete"/> ends our half of the stream below.</summary>
    internal void SendClose(bool complete)
    {
        bool mustSend = false;
        lock (_gate)
        {
            if (!_isCloseSent && _isEstablished && !_hasFailed && !_ssl.IsClosed)
            {
                LibCrypto.ClearErrors();
                _ = LibSsl.Shutdown(_ssl);
                mustSend = _output.Commit();
            }
            _isCloseSent = true;
        }
        if (mustSend)
            _output.Send();
        if (!complete)
            return;
        lock (_gate)
            _output.Complete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _ssl.Dispose();
    }

    /// <summary>Gives OpenSSL what came. Called by its BIO, under the gate.</summary>
    internal int TakeInput(Span<byte> destination)
    {
        int count = (int)Math.Min(_input.Length, destination.Length);
        if (count > 0)
        {
            _input.Slice(0, count).CopyTo(destination);
            _input = _input.Slice(count);
        }
        return count;
    }

    /// <summary>Takes what OpenSSL sends. Called by its BIO, under the gate.</summary>
    internal bool PutOutput(ReadOnlySpan<byte> bytes)
    {
        if (_output.UnsentBytes > MaximumBacklog)
            return false;
        bytes.CopyTo(_output.GetSpan(bytes.Length));
        _output.Advance(bytes.Length);
        return true;
    }

    /// <summary>The key of the peer's identity, or a decoy. Called by OpenSSL in the server's handshake, under the gate.</summary>
    internal int FindKey(ReadOnlySpan<byte> identity, Span<byte> key)
    {
        if (_keys is null || key.Length < PskKey.MaximumLength)
            return 0;
        int length = _keys.Find(identity, key, out _identity);
        _unknownIdentity = _identity is null ? PrintableText.Of(identity) : null;
        return length;
    }

    /// <summary>Our identity and key. Called by OpenSSL in the client's handshake, under the gate.</summary>
    internal int GiveKey(Span<byte> identity, Span<byte> key)
    {
        if (_own is null || key.Length < PskKey.MaximumLength || !Encoding.UTF8.TryGetBytes(_own.Identity, identity[..^1], out int length))
            return 0;
        identity[length] = 0;
        _own.Key.Bytes.CopyTo(key);
        return _own.Key.Bytes.Length;
    }

    private TlsChannel? Start(SslContextHandle context)
    {
        _ssl = new SslHandle(LibSsl.NewSsl(context), this);
        nint bio = _ssl.IsInvalid ? 0 : PipeBio.Create(_ssl.Owner);
        if (bio == 0)
        {
            _ssl.Dispose();
            return null;
        }
        LibSsl.SetBio(_ssl, bio, bio);
        _ = LibSsl.SetState(_ssl, 0, _ssl.Owner);
        if (_keys is not null)
            LibSsl.SetAcceptState(_ssl);
        else
            LibSsl.SetConnectState(_ssl);
        return this;
    }

    private bool TryWriteLocked(ReadOnlySpan<byte> bytes, ref int total)
    {
        if (_hasFailed || _ssl.IsClosed)
            return false;
        LibCrypto.ClearErrors();
        fixed (byte* start = bytes)
        {
            while (total < bytes.Length && _output.UnsentBytes <= Backlog)
            {
                int written = LibSsl.Write(_ssl, start + total, Math.Min(bytes.Length - total, MaximumRecord));
                if (written <= 0)
                {
                    _ = StatusLocked(written);
                    _hasFailed = true;
                    return false;
                }
                total += written;
            }
        }
        return true;
    }

    private TlsSession EstablishLocked()
    {
        _isEstablished = true;
        return new TlsSession(
            Marshal.PtrToStringUTF8((nint)LibSsl.GetVersion(_ssl)) ?? "",
            Marshal.PtrToStringUTF8((nint)LibSsl.GetCipherName(LibSsl.GetCipher(_ssl))) ?? "",
            RemoteCertificate: null,
            _own?.Identity ?? _identity);
    }

    private ReadOnlySequence<byte> TakeInputLocked()
    {
        ReadOnlySequence<byte> rest = _input;
        _input = default;
        return rest;
    }

    private TlsStatus StatusLocked(int result)
    {
        switch (LibSsl.GetError(_ssl, result))
        {
            case LibSsl.ErrorWantRead:
                return TlsStatus.NeedMoreData;
            case LibSsl.ErrorZeroReturn:
                return TlsStatus.Ended;
            default:
                _hasFailed = true;
                Failure ??= OpenSslErrors.Take() + (_unknownIdentity is null ? "" : $" (PSK identity \"{_unknownIdentity}\" is not known)");
                return TlsStatus.Failed;
        }
    }
}
