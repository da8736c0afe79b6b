using Nightjar.Storage.Mosquitto;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>Files that are cut off, damaged or made to do harm are refused with their place, or read; nothing else.</summary>
public sealed class DamageTests
{
    private static readonly FakeTimeProvider Time = new();

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Database_CutOffAnywhereButBetweenChunks_IsRefusedWithItsPlace(int format)
    {
        var whole = FormatTests.Full(format);
        using var file = new TemporaryFile(whole);
        var readable = 0;
        for (var length = 0; length < whole.Length; length++)
        {
            file.Write(whole.AsSpan(0, length));
            try
            {
                Description.Of(file.Path, Time);
                readable++;
            }
            catch (StoreFileException exception)
            {
                Assert.StartsWith($"{file.Path}: byte ", exception.Message, StringComparison.Ordinal);
            }
        }

        // After the header, and after each of its 19 chunks but the last.
        Assert.Equal(19, readable);
    }

    [Fact]
    public void DeclaredLength_AllocatesNothing()
    {
        foreach (var length in (uint[])[uint.MaxValue, int.MaxValue, 300 << 20, 1000])
        {
            var writer = new DatabaseWriter(6);
            writer.Chunk(2, new byte[40], length);
            using var file = new TemporaryFile(writer.Bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var exception = Assert.Throws<StoreFileException>(() => MosquittoFile.Open(file.Path, Time));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
            Assert.Equal($"{file.Path}: byte 23: a chunk of kind 2 says it has {length} bytes, and 40 are left: the file is cut off, or damaged here.", exception.Message);
        }
    }

    [Fact]
    public void PayloadLongerThanItsChunk_IsRefused()
    {
        var bytes = new DatabaseWriter(6);
        bytes.Message(1, "t", "payload", 1);
        var whole = bytes.Bytes;
        // The payload's length, behind two numbers of eight bytes.
        whole[23 + 8 + 16] = 0xFF;
        using var file = new TemporaryFile(whole);
        var exception = Assert.Throws<StoreFileException>(() => MosquittoFile.Open(file.Path, Time));
        Assert.Contains("the payload of 4278190087 bytes does not fit into its chunk", exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[]> Wrong
    {
        get
        {
            TheoryData<string, byte[]> cases = [];
            void Add(string what, Action<DatabaseWriter> write, int format = 6)
            {
                var writer = new DatabaseWriter(format);
                write(writer);
                cases.Add(what, writer.Bytes);
            }

            Add("format 1 is not known", _ => { }, 1);
            Add("format 7 is not known", _ => { }, 7);
            Add("ids of 4 bytes", writer => writer.Configuration(4));
            Add("the topic name is not valid", writer => writer.Message(1, "a/#", "", 1));
            Add("the topic name is not valid", writer => writer.Message(1, "", "", 1), 3);
            Add("QoS is 3", writer => writer.Message(1, "a", "", 3));
            Add("which is no time", writer => writer.Message(1, "a", "", 1, expires: -5));
            Add("its properties break", writer => writer.Message(1, "a", "", 1, properties: [0x21, 0, 1]));
            Add("state 12", writer => writer.Delivery("c", 1, 1, 1, 12));
            Add("the client id is empty", writer => writer.Session(""));
            Add("the topic filter 'a/#/b' of client 'c' is not valid", writer => writer.Subscription("c", "a/#/b", 0));
            Add("the subscription options 0x03", writer => writer.Subscription("c", "a", 3));
            Add("neither a mosquitto.db nor an SQLite file", _ => { });
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void WrongContent_IsNamed(string what, byte[] content)
    {
        if (what.StartsWith("neither", StringComparison.Ordinal)) content[3] = (byte)'M';
        using var file = new TemporaryFile(content);
        var exception = Assert.Throws<StoreFileException>(() => MosquittoFile.Open(file.Path, Time));
        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{file.Path}: byte ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MutatedDatabases_AreReadOrRefused_AndNothingElse()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        byte[][] originals = [FormatTests.Full(2), FormatTests.Full(3), FormatTests.Full(4), FormatTests.Full(5), FormatTests.Full(6)];
        using var file = new TemporaryFile([]);
        int read = 0, refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var mutant = Mutation.Of(originals[i % originals.Length], random, keep: i % 7 == 0 ? 0 : 23);
            file.Write(mutant);
            try
            {
                Description.Of(file.Path, Time);
                read++;
            }
            catch (StoreFileException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, case {i}: {exception}\n{Convert.ToHexString(mutant)}");
            }
        }

        // Both happen, or the mutations are not what they are meant to be.
        Assert.True(read > 500 && refused > 5_000, $"seed {seed}: {read} read, {refused} refused");
    }

    [Fact]
    public void MutatedSqliteFiles_AreReadOrRefused_AndNothingElse()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var original = File.ReadAllBytes(SampleTests.Sample("mosquitto-2.1.sqlite3"));
        using var file = new TemporaryFile([]);
        int read = 0, refused = 0;
        for (var i = 0; i < 1_500; i++)
        {
            var mutant = Mutation.Of(original, random, keep: i % 7 == 0 ? 0 : 100);
            file.Write(mutant);
            try
            {
                Description.Of(file.Path, Time);
                read++;
            }
            catch (StoreFileException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, case {i}: {exception}");
            }
        }

        Assert.True(read > 50 && refused > 100, $"seed {seed}: {read} read, {refused} refused");
    }
}
