namespace Mall.Api.Payments.Sandbox;

/// <summary>The page on which one chooses what becomes of a payment. Plain HTML: no script, nothing from elsewhere.</summary>
internal static class SandboxPage
{
    private static readonly (string Action, string Label, string Tells)[] s_actions =
    [
        ("pay", "Pay", "The payment succeeds."),
        ("decline", "Decline", "It fails; it may still succeed later."),
        ("twice", "Pay, and say so twice", "Two callbacks at once; it counts once."),
        ("out-of-order", "Pay, then report an older failure", "The success stays."),
        ("wrong-amount", "Pay the wrong amount", "The mall refuses it and raises an alarm."),
        ("late", "Pay too late", "Waits until the order has closed, then pays; the money goes back."),
    ];

    /// <param name="done">The action that was just taken, or anything.</param>
    public static string Of(PaymentView payment, string? done)
    {
        var (word, tone) = payment.Status switch
        {
            PaymentStatus.Waiting => ("waiting", "calm"),
            PaymentStatus.Succeeded => ("paid", "good"),
            PaymentStatus.Failed => ("declined", "bad"),
            _ => ("refunded", "calm"),
        };
        var amount = string.Create(CultureInfo.InvariantCulture, $"{payment.Amount / 100}.{payment.Amount % 100:00}");
        var note = Array.Find(s_actions, action => action.Action == done) is { Tells: { } tells }
            ? $"""<p class="note" role="status">{tells}</p>"""
            : "";
        var buttons = string.Concat(s_actions.Select((a, i) =>
            $"""
            <button name="action" value="{a.Action}" class="{(i == 0 ? "main" : "")}">{a.Label}<small>{a.Tells}</small></button>
            """));
        var choice = payment.Status switch
        {
            PaymentStatus.Refunded => "<p>The money has gone back: this payment is over.</p>",
            PaymentStatus.Failed => $"""<p>It was declined, and may still be paid.</p><form method="post">{buttons}</form>""",
            _ => $"""<p>Choose what the provider reports.</p><form method="post">{buttons}</form>""",
        };
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Payment {{payment.Id}} · sandbox</title>
            <style>
            :root { color-scheme: light dark; --page: light-dark(#f4f2ee, #16181c); --card: light-dark(#fff, #20242b);
              --text: light-dark(#1d2126, #e8eaee); --dim: light-dark(#626a75, #9aa3b0); --line: light-dark(#d9d5cd, #363c46);
              --accent: light-dark(#1f5fbf, #7fb0ff); --on-accent: light-dark(#fff, #0e1420);
              --good: light-dark(#1a7f45, #6fd29a); --bad: light-dark(#b3362b, #ff9a8f); }
            * { box-sizing: border-box; }
            body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page);
              color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
            main { width: 100%; max-width: 26rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line);
              border-radius: 14px; }
            header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; color: var(--dim); }
            h1 { margin: .4rem 0 0; font-size: 2.4rem; line-height: 1.1; font-variant-numeric: tabular-nums; }
            .state { font-weight: 600; color: var(--dim); } .good { color: var(--good); } .bad { color: var(--bad); }
            p { margin: .5rem 0; color: var(--dim); } .note { padding: .6rem .8rem; border-left: 3px solid var(--accent);
              color: var(--text); }
            form { display: grid; gap: .6rem; margin-top: 1.2rem; }
            button { padding: .7rem .9rem; text-align: left; font: inherit; font-weight: 600; color: var(--text);
              background: transparent; border: 1px solid var(--line); border-radius: 10px; cursor: pointer; }
            button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); }
            button small { display: block; font-weight: 400; color: var(--dim); }
            .main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
            .main small { color: inherit; opacity: .85; }
            </style>
            </head>
            <body>
            <main>
            <header><span>Order {{payment.OrderId}}, payment {{payment.Id}}</span>
            <span class="state {{tone}}">{{word}}</span></header>
            <h1>{{amount}}</h1>
            <p>This is the mall's sandbox: no money moves.</p>
            {{note}}
            {{choice}}
            </main>
            </body>
            </html>
            """;
    }
}
