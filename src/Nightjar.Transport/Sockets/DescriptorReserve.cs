using Microsoft.Win32.SafeHandles;

namespace Nightjar.Transport.Sockets;

/// <summary>Descriptors that a listener holds back, so that the process can still work when connections have taken all others.</summary>
/// <remarks>On Linux the runtime needs descriptors to start a thread, to load an assembly and to collect garbage; without any it ends the
/// process. Who finds that there are none left releases the reserve and takes no connection before it has the reserve again.</remarks>
internal sealed class DescriptorReserve : IDisposable
{
    private const int Size = 16;
    private const string Source = "/dev/null";

    private readonly Lock _gate = new();
    private readonly SafeFileHandle?[] _handles = OperatingSystem.IsLinux() ? new SafeFileHandle?[Size] : [];
    private bool _isHeld;
    private bool _isDisposed;

    /// <summary>Takes what is missing.</summary>
    /// <returns>False when there are not enough descriptors; then none is kept.</returns>
    internal bool TryTake()
    {
        lock (_gate)
        {
            if (_isHeld || _isDisposed)
                return true;
            try
            {
                for (int i = 0; i < _handles.Length; i++)
                    _handles[i] = File.OpenHandle(Source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                _isHeld = true;
            }
            catch (IOException)
            {
                ReleaseLocked();
            }
            return _isHeld;
        }
    }

    /// <summary>Gives all of it to the process.</summary>
    internal void Release()
    {
        lock (_gate)
            ReleaseLocked();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            ReleaseLocked();
        }
    }

    private void ReleaseLocked()
    {
        _isHeld = false;
        for (int i = 0; i < _handles.Length; i++)
        {
            _handles[i]?.Dispose();
            _handles[i] = null;
        }
    }
}
