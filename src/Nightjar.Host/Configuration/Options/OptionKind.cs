namespace Nightjar.Host.Configuration.Options;

/// <summary>What an option's value is.</summary>
internal enum OptionKind : byte
{
    /// <summary>true, false, 1 or 0.</summary>
    Boolean,

    /// <summary>A number as strtol(3) reads it: decimal, 0x hexadecimal, 0 octal.</summary>
    Integer,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>The rest of the line.</summary>
    Text,

    /// <summary>The rest of the line, not to be shown; <c>file:PATH</c> takes the first line of that file.</summary>
    Secret,

    /// <summary>Several words, each with its own meaning.</summary>
    Words,
}
