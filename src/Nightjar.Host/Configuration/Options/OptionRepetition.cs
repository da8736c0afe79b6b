namespace Nightjar.Host.Configuration.Options;

/// <summary>What a second line with the same option in the same section means.</summary>
internal enum OptionRepetition : byte
{
    /// <summary>It takes the place of the first.</summary>
    Replaces,

    /// <summary>It is an error.</summary>
    IsAnError,

    /// <summary>It is one more.</summary>
    Adds,
}
