using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Sqlite.Reading;

/// <summary>Parameters as of <see cref="IMessageStore.LoadPage"/>.</summary>
internal sealed record PageRequest(long Session, long After, int MaximumCount, long MaximumBytes, IPageSink Sink);
