using System.IO.Pipelines;

namespace Nightjar.Transport;

/// <summary>Handles what a connection receives, see <see cref="TransportConnection.ServeAsync"/>.</summary>
public interface IInputHandler
{
    /// <summary>Handles what a read brought, on the thread that got the bytes. Must not block.</summary>
    /// <param name="input">What was read; it has to be advanced, as after any read.</param>
    /// <param name="result">What the read brought. The one that is completed is the last.</param>
    /// <returns>Whether to go on reading.</returns>
    bool Take(PipeReader input, in ReadResult result);
}
