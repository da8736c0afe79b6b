namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>Damage as it happens, and as somebody would make it.</summary>
internal static class Mutation
{
    /// <summary>A damaged copy.</summary>
    /// <param name="original">The whole file.</param>
    /// <param name="random">Decides.</param>
    /// <param name="keep">First bytes that stay, so that the damage is found further inside.</param>
    internal static byte[] Of(byte[] original, Random random, int keep)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            if (bytes.Count <= keep) break;
            var at = random.Next(keep, bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(2) == 0 ? byte.MaxValue : (byte)0;
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 40)).Select(_ => (byte)random.Next(256)));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 6:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                default:
                    for (var i = at; i < Math.Min(at + 4, bytes.Count); i++) bytes[i] = byte.MaxValue;
                    break;
            }
        }

        return [.. bytes];
    }
}
