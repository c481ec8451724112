namespace Mall.Tests.Transactions.Bank;

/// <summary>A kind of transaction, and what befalls it.</summary>
public enum Course
{
    SagaGoesWell,
    SagaIsRefused,
    ConcurrentSagaGoesWell,
    ConcurrentSagaIsRefused,
    MessageIsSent,

    /// <summary>Between its local transaction and submitting.</summary>
    MessageClientDiesAfterItsWork,

    /// <summary>Between preparing and its local transaction.</summary>
    MessageClientDiesBeforeItsWork,
    TccGoesWell,
    TccIsRefused,

    /// <summary>When everything is tried, and nothing submitted.</summary>
    TccClientDies,
    WorkflowGoesWell,
    WorkflowIsRefused,

    /// <summary>Between its steps.</summary>
    WorkflowClientDies,
    XaGoesWell,
    XaIsRefused,

    /// <summary>When everything is prepared in the database, and nothing submitted.</summary>
    XaClientDies,
}

/// <summary>One transaction that moves money between accounts, and what its client has been told.</summary>
public sealed class Deal(string gid, Course course, int number)
{
    public string Gid => gid;
    public Course Course => course;
    public string From => $"a{number % BankServices.Accounts}";
    public string To => $"a{(number + 7) % BankServices.Accounts}";
    public bool IsXa => course >= Course.XaGoesWell;

    /// <summary>What the manager said to its submission; null: nothing was submitted, or it was not answered.</summary>
    public bool? IsAccepted { get; set; }

    /// <summary>A few of every course, each under a gid of its own.</summary>
    public static Deal[] Mix(string prefix, int count, bool withXa) =>
        [.. Enumerable.Range(0, count).Select(i => Of($"{prefix}-{i}", i, withXa))];

    /// <summary>The one with this number: the courses come in turn.</summary>
    public static Deal Of(string gid, int number, bool withXa)
    {
        var courses = Enum.GetValues<Course>().Where(c => withXa || c < Course.XaGoesWell).ToArray();
        return new Deal(gid, courses[number % courses.Length], number);
    }

    public override string ToString() => $"{gid} ({course})";
}
