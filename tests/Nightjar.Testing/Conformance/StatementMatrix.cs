namespace Nightjar.Testing.Conformance;

/// <summary>Every numbered statement of MQTT 5.0 and 3.1.1 and the un-numbered rules of Table 3.</summary>
/// <remarks>The rows are embedded from <c>statements.tsv</c>: version, id, role, text. The order is that of the standards.</remarks>
internal sealed class StatementMatrix
{
    private readonly Dictionary<string, Statement> _byCitation = new(StringComparer.Ordinal);

    private StatementMatrix(IReadOnlyList<Statement> statements)
    {
        Statements = statements;
        foreach (Statement statement in statements)
        {
            _byCitation.Add(statement.Id, statement);
            if (statement.Version == "T3") _byCitation.Add("T3: " + statement.Text, statement);
        }
    }

    /// <summary>The matrix of this project.</summary>
    public static StatementMatrix Default { get; } = Load();

    /// <summary>All rows, those of clients included.</summary>
    public IReadOnlyList<Statement> Statements { get; }

    /// <summary>The row that a test cites.</summary>
    /// <param name="citation">An id, or <c>T3: </c> and the text of a row of Table 3.</param>
    /// <returns>null when nothing has that id.</returns>
    public Statement? Find(string citation) => _byCitation.GetValueOrDefault(citation);

    /// <summary>The rows of one version that a broker owes, in order.</summary>
    public IEnumerable<Statement> OfBroker(string version) => Statements.Where(s => s.Version == version && s.ConcernsBroker);

    private static StatementMatrix Load()
    {
        using Stream resource = typeof(StatementMatrix).Assembly.GetManifestResourceStream("statements.tsv")!;
        using StreamReader reader = new(resource);
        List<Statement> statements = [];
        reader.ReadLine();
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            string[] cells = line.Split('\t');
            statements.Add(new Statement(cells[0], cells[1], cells[2][0], cells[3]));
        }

        return new StatementMatrix(statements);
    }
}
