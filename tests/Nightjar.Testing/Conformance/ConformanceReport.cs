using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;

namespace Nightjar.Testing.Conformance;

/// <summary>Which statements of the conformance matrix the tests of a set of assemblies prove.</summary>
/// <remarks>A statement counts when a [Fact] or [Theory] that is not skipped names it, or its class does.</remarks>
internal sealed class ConformanceReport
{
    private readonly StatementMatrix _matrix;
    private readonly Dictionary<Statement, SortedSet<string>> _tests = [];
    private readonly SortedSet<string> _unknown = new(StringComparer.Ordinal);

    private ConformanceReport(StatementMatrix matrix) => _matrix = matrix;

    /// <summary>Citations that are in no row of the matrix, each with the test that makes it.</summary>
    public IReadOnlyCollection<string> Unknown => _unknown;

    /// <summary>The statements a broker owes that no test names.</summary>
    public IEnumerable<Statement> Missing => _matrix.Statements.Where(s => s.ConcernsBroker && !_tests.ContainsKey(s));

    /// <summary>Collects the citations of every public class in the assemblies: only those can be test classes.</summary>
    public static ConformanceReport Of(StatementMatrix matrix, IEnumerable<Assembly> assemblies) =>
        Of(matrix, assemblies.SelectMany(a => a.GetExportedTypes()));

    /// <summary>Collects the citations of the given test classes.</summary>
    public static ConformanceReport Of(StatementMatrix matrix, IEnumerable<Type> testClasses)
    {
        ConformanceReport report = new(matrix);
        foreach (Type type in testClasses.Where(t => t is { IsClass: true, IsAbstract: false })) report.Collect(type);
        return report;
    }

    /// <summary>How many statements of a version that a broker owes are named by a test, and how many there are.</summary>
    /// <param name="version"><c>5.0</c>, <c>3.1.1</c> or <c>T3</c>.</param>
    public (int Covered, int All) Coverage(string version)
    {
        Statement[] owed = [.. _matrix.OfBroker(version)];
        return (owed.Count(_tests.ContainsKey), owed.Length);
    }

    /// <summary>The tests that name a statement, as <c>Class.Method</c>, sorted.</summary>
    public IReadOnlyCollection<string> TestsOf(Statement statement) => _tests.TryGetValue(statement, out var tests) ? tests : [];

    /// <summary>The three totals, one a line.</summary>
    public string Summary()
    {
        StringBuilder text = new();
        AppendTotal(text, "MQTT 5.0: ", "5.0");
        AppendTotal(text, "MQTT 3.1.1: ", "3.1.1");
        AppendTotal(text, "Table 3: ", "T3");
        return text.ToString();
    }

    /// <summary>The totals, what is missing, what is unknown.</summary>
    public string Shortcomings()
    {
        StringBuilder text = new(Summary());
        foreach (Statement missing in Missing) text.Append("missing  ").Append(missing.Id).Append("  ").AppendLine(missing.Text);
        foreach (string unknown in Unknown) text.Append("unknown  ").AppendLine(unknown);
        return text.ToString();
    }

    /// <summary>The shortcomings and then every statement with its tests: the whole report.</summary>
    public override string ToString()
    {
        StringBuilder text = new(Shortcomings());
        foreach (Statement statement in _matrix.Statements)
        {
            text.AppendLine().Append(statement.Id).Append(" (").Append(statement.Role).Append(") ").AppendLine(statement.Text);
            foreach (string test in TestsOf(statement)) text.Append("    ").AppendLine(test);
        }

        return text.ToString();
    }

    private void AppendTotal(StringBuilder text, string label, string version)
    {
        (int covered, int all) = Coverage(version);
        text.Append(label).AppendLine(string.Create(CultureInfo.InvariantCulture, $"covered {covered} / {all}"));
    }

    private void Collect(Type type)
    {
        MethodInfo[] tests = [.. type.GetMethods().Where(IsRun)];
        foreach (MethodInfo test in tests)
        {
            IEnumerable<StatementAttribute> citations = test.GetCustomAttributes<StatementAttribute>(inherit: true)
                .Concat(type.GetCustomAttributes<StatementAttribute>(inherit: true));
            foreach (StatementAttribute citation in citations) Add(citation.Id, $"{type.Name}.{test.Name}");
        }
    }

    private static bool IsRun(MethodInfo method) =>
        method.GetCustomAttribute<FactAttribute>(inherit: true) is { } fact && string.IsNullOrEmpty(fact.Skip);

    private void Add(string citation, string test)
    {
        if (_matrix.Find(citation) is not { } statement)
        {
            _unknown.Add($"{citation} (by {test})");
            return;
        }

        if (!_tests.TryGetValue(statement, out SortedSet<string>? tests)) _tests.Add(statement, tests = new(StringComparer.Ordinal));
        tests.Add(test);
    }
}
