//! A reconciliation as text and as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::cli::report::text_table::TextTable;
use crate::reading::Label;
use crate::reconcile::{FileKind, LikelyCause, Reconciled, ReconciledLine};
use crate::tui::format;
use crate::units::{Money, Timestamp};

/// The most decimals of a printed amount.
const MOST_PLACES: u32 = 6;

/// Lines, their total, and below them the causes of differences.
pub(super) fn text(reconciled: &Reconciled, local: &dyn Fn(Timestamp) -> String) -> String {
    let what = match reconciled.kind {
        FileKind::Invoice => "the invoice beside the ledger's cost",
        FileKind::Spend => "the gateway's spend beside the ledger's revenue",
    };
    let mut out =
        format!("{} to {}  {what}, in {}\n\n", local(reconciled.since), local(reconciled.until), reconciled.currency);
    let (name, quantity) = match reconciled.kind {
        FileKind::Invoice => ("node or lease", "hours"),
        FileKind::Spend => ("model", "tokens"),
    };
    let ours = format!("ledger {quantity}");
    let places = places(reconciled);
    let amount = |amount: Option<Money>| {
        amount.map_or_else(|| format::UNKNOWN.to_owned(), |amount| amount.round_to(places).to_string())
    };
    let mut table = TextTable::new([name, quantity, &ours, "file", "ledger", "difference"]);
    let shown = |quantity: Option<i128>| match (reconciled.kind, quantity) {
        (_, None) => format::UNKNOWN.to_owned(),
        (FileKind::Invoice, Some(millionths)) => format!("{:.2}", millionths as f64 / 1e6),
        (FileKind::Spend, Some(tokens)) if tokens < 0 => format!("-{}", format::grouped(tokens.unsigned_abs())),
        (FileKind::Spend, Some(tokens)) => format::grouped(tokens.unsigned_abs()),
    };
    for line in all(reconciled) {
        table.row(vec![
            line.key.to_string(),
            shown(line.their_quantity),
            shown(line.our_quantity),
            amount(Some(line.theirs)),
            amount(line.ours),
            amount(Some(line.difference(places))),
        ]);
    }
    let [theirs, ours] = sums(reconciled, places);
    table.total(vec![
        "total".to_owned(),
        String::new(),
        String::new(),
        amount(Some(theirs)),
        amount(Some(ours)),
        amount(Some(theirs - ours)),
    ]);
    out.push_str(&table.render());
    let mut said = false;
    for line in all(reconciled) {
        for LikelyCause { word, amount, text } in &line.causes {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{}{}: {word}, {}: {text}", if said { "" } else { "\n" }, line.key, cents(*amount));
            said = true;
        }
    }
    for note in &reconciled.notes {
        let _ = write!(out, "\nnote  {note}\n");
    }
    if !said {
        out.push_str("\nall of it agrees\n");
    }
    out
}

fn all(reconciled: &Reconciled) -> impl Iterator<Item = &ReconciledLine> {
    reconciled.lines.iter().chain(&reconciled.missing)
}

/// The sums of what is printed with these decimals.
fn sums(reconciled: &Reconciled, places: u32) -> [Money; 2] {
    let ours = all(reconciled).filter_map(|line| line.ours);
    [all(reconciled).map(|line| line.theirs.round_to(places)).sum(), ours.map(|ours| ours.round_to(places)).sum()]
}

/// Two decimals where they show the file's own amounts and no amount as nothing, else six.
fn places(reconciled: &Reconciled) -> u32 {
    let shows = |amount: Money| amount.is_zero() || amount.rounded(2) != 0;
    let own = |amount: Money| reconciled.kind == FileKind::Spend || amount.round_to(2) == amount;
    let fits = all(reconciled).all(|line| shows(line.theirs) && own(line.theirs) && line.ours.is_none_or(shows));
    if fits { 2 } else { MOST_PLACES }
}

/// An amount in cents, or in full where it is less than one.
fn cents(amount: Option<Money>) -> String {
    let Some(amount) = amount else { return format::UNKNOWN.to_owned() };
    if amount.rounded(2) == 0 { amount.to_string() } else { amount.round_to(2).to_string() }
}

#[derive(Serialize)]
struct ReconciledJson<'a> {
    schema: &'static str,
    kind: &'static str,
    currency: &'a str,
    since: Timestamp,
    until: Timestamp,
    rows: Vec<LineJson<'a>>,
    file: Money,
    ledger: Money,
    difference: Money,
    notes: &'a [String],
}

#[derive(Serialize)]
struct LineJson<'a> {
    key: &'a Label,
    /// Hours as the file has them and GPU-hours, or tokens.
    file_quantity: Option<f64>,
    ledger_quantity: Option<f64>,
    file: Money,
    ledger: Option<Money>,
    difference: Money,
    causes: Vec<CauseJson<'a>>,
}

#[derive(Serialize)]
struct CauseJson<'a> {
    cause: &'a str,
    amount: Option<Money>,
    text: &'a str,
}

/// One object on one line, the contract margintop-reconcile/1.
pub(super) fn json(reconciled: &Reconciled) -> Result<String, serde_json::Error> {
    let (kind, scale) = match reconciled.kind {
        FileKind::Invoice => ("invoice", 1e6),
        FileKind::Spend => ("spend", 1.0),
    };
    let line = |line: &'_ ReconciledLine| -> (Option<f64>, Option<f64>) {
        let scaled = |quantity: Option<i128>| quantity.map(|quantity| quantity as f64 / scale);
        (scaled(line.their_quantity), scaled(line.our_quantity))
    };
    let rows = all(reconciled).map(|row| {
        let (file_quantity, ledger_quantity) = line(row);
        let cause = |cause: &'_ LikelyCause| (cause.word, cause.amount.map(|amount| amount.round_to(6)));
        let causes = row.causes.iter().map(|likely| {
            let (word, amount) = cause(likely);
            CauseJson { cause: word, amount, text: &likely.text }
        });
        LineJson {
            key: &row.key,
            file_quantity,
            ledger_quantity,
            file: row.theirs.round_to(MOST_PLACES),
            ledger: row.ours.map(|ours| ours.round_to(MOST_PLACES)),
            difference: row.difference(MOST_PLACES),
            causes: causes.collect(),
        }
    });
    let [file, ledger] = sums(reconciled, MOST_PLACES);
    let notes = &reconciled.notes;
    let reconciled = ReconciledJson {
        schema: "margintop-reconcile/1",
        kind,
        currency: &reconciled.currency,
        since: reconciled.since,
        until: reconciled.until,
        rows: rows.collect(),
        file,
        ledger,
        difference: file - ledger,
        notes,
    };
    serde_json::to_string(&reconciled).map(|line| line + "\n")
}
