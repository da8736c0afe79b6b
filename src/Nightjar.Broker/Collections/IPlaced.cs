namespace Nightjar.Broker.Collections;

/// <summary>An item that remembers its index in the <see cref="PlacedList{T}"/> that holds it, so that it is removed without a
/// search.</summary>
internal interface IPlaced
{
    /// <summary>Index in the list. Written by the list's writer only.</summary>
    int Place { get; set; }
}
