using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>What <c>config/README.md</c> says is so: its files are taken, its commands print what it shows, the log has its lines.</summary>
public sealed class ConfigPageTests
{
    /// <summary>Every chapter with each maker's tools.</summary>
    public static TheoryData<string, string> Chapters
    {
        get
        {
            var chapters = new TheoryData<string, string>();
            foreach (ConfigPage chapter in ConfigPage.Read())
            {
                chapters.Add(chapter.Title, ToolSet.Mosquitto);
                chapters.Add(chapter.Title, ToolSet.Nightjar);
            }

            return chapters;
        }
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub, "mosquitto_ctrl", "mosquitto_rr")]
    [MemberData(nameof(Chapters))]
    public async Task Chapter_AsWritten_Works(string title, string maker)
    {
        ConfigPage chapter = ConfigPage.Read().Single(one => one.Title == title);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await RunAsync(chapter, maker);
                return;
            }
            catch (IOException) when (attempt < 5)
            {
                // Between finding its port free and the broker's bind another process took it.
            }
        }
    }

    [Fact]
    public void Page_HasTheWalkThroughs()
    {
        IReadOnlyList<ConfigPage> chapters = ConfigPage.Read();
        Assert.Equal(
            ["Password file", "One process, three listeners", "ACL file", "Dynamic security", "Certificates for clients", "Keys instead of certificates", "State on disk"],
            chapters.Select(chapter => chapter.Title));
        foreach (ConfigPage chapter in chapters)
        {
            foreach (string kind in new[] { "conf", "console", "log" }.Where(kind => kind != "log" || chapter.Title != "ACL file"))
                Assert.Contains(chapter.Blocks, block => block.Kind == kind);
        }
    }

    private static async Task RunAsync(ConfigPage chapter, string maker)
    {
        await using PageShell shell = await PageShell.StartAsync(maker);
        foreach (ConfigPage.Block block in chapter.Blocks)
        {
            switch (block.Kind)
            {
                case "conf": shell.Write(block.Name, block.Text); break;
                case "console": await shell.RunAsync(block.Text); break;
                case "log": await shell.ExpectLogAsync(block.Text); break;
                default: Assert.Fail($"Nobody runs a block of kind '{block.Kind}'."); break;
            }
        }

        foreach (ConfigPage.Block block in chapter.Blocks.Where(block => block.Name.EndsWith(".conf", StringComparison.Ordinal))) await shell.CheckAsync(block.Name);
    }
}
