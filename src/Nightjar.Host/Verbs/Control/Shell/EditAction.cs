namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>What a key does to the line.</summary>
internal enum EditAction : byte
{
    None,
    Insert,
    Accept,
    Abandon,
    End,
    Complete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    LineEnd,
    DeleteBefore,
    DeleteAfter,
    DeleteWordBefore,
    DeleteWordAfter,
    DeleteToStart,
    DeleteToEnd,
    Previous,
    Next,
    Clear,
}
