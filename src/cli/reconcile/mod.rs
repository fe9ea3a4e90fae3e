//! `margintop reconcile FILE`: compares an invoice or a gateway's spend with the ledger, and names likely causes of
//! differences.
#![allow(clippy::doc_markdown, reason = "the comments of arguments are what --help prints")]

mod print;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::{Date, Time};

use super::global::Global;
use super::when::{When, local};
use super::{Failure, input, ledger_commands, out, settings};
use crate::ledger::Grain;
use crate::reconcile::{UsageDays, UsageFile, UsageTable};
use crate::store::{Header, Reader};
use crate::units::{Span, Timestamp};

/// The files that are compared.
const COMPARED: &str = "an invoice (CSV, or FOCUS) or LiteLLM's daily spend (CSV or JSON)";
/// The largest file that is read.
const LARGEST: u64 = 256 << 20;
const MONTH: Span = Span::from_secs(32 * 86_400);

/// The arguments of `reconcile`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReconcileArgs {
    /// An invoice (CSV: node or lease, hours, amount; or FOCUS) or LiteLLM's daily spend (CSV, or JSON of its database or
    /// its /user/daily/activity: date, model, prompt_tokens, completion_tokens, spend)
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// From when [default: the file's first date, else the ledger's beginning]
    #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
    since: Option<When>,

    /// Until when, exclusive [default: the end of the file's last date, else the ledger's end]
    #[arg(long, help_heading = "Money", value_name = "T", value_parser = When::parse)]
    until: Option<When>,

    /// Print one JSON object, the contract margintop-reconcile/1
    #[arg(long, help_heading = "Display")]
    json: bool,
}

/// Compares the file with the user's ledger and prints the differences.
pub(super) fn run(global: &Global, args: &ReconcileArgs) -> Result<(), Failure> {
    let settings = settings::settings(global)?;
    let name = args.file.display();
    let of_file = |why: String| Failure::Usage(format!("{name}: {why}"));
    let text = input::text(&args.file, COMPARED, LARGEST)?;
    let table = UsageTable::read(&text).map_err(|why| of_file(format!("{why}; name {COMPARED}")))?;
    UsageFile::kind_of(&table).map_err(of_file)?;
    let reader = Reader::open(&ledger_commands::path(global)?)?;
    let header = reader.header();
    let usage = UsageFile::read(&table, &header.currency, &settings.exchange).map_err(of_file)?;
    let (since, until) = span(args, &header, &usage)?;
    // Quarter hours say how many GPUs were allocated at once; over a long time days tell it well enough.
    let finest = if until - since > MONTH { Grain::Day } else { Grain::Quarter };
    let past = reader.past(since, until, finest)?;
    let dates = of_dates(args, &usage);
    let mut reconciled = usage.compare(&past, &header.currency, &settings.book).map_err(|why| {
        let dates = dates.as_ref().map_or_else(String::new, |dates| format!("; {dates}"));
        of_file(why + &dates)
    })?;
    reconciled.notes.extend(dates);
    let text =
        if args.json { print::json(&reconciled)? } else { print::text(&reconciled, &|at| local(at, &header.zone)) };
    out::print(&text)
}

/// What is said of an invoice whose dates are the span that is compared: its date may be another.
fn of_dates(args: &ReconcileArgs, usage: &UsageFile) -> Option<String> {
    let Some(UsageDays::Dates(first, last)) = usage.days() else { return None };
    (args.since.is_none() || args.until.is_none()).then(|| {
        format!(
            "the file's dates, {first} to {last}, say the span: name another with --since and --until where they are not \
             the days of use"
        )
    })
}

/// The span that is compared.
fn span(args: &ReconcileArgs, header: &Header, usage: &UsageFile) -> Result<(Timestamp, Timestamp), Failure> {
    let resolved = |when: Option<When>| when.map(|when| when.resolve(&header.zone, header.last));
    let midnight = |day: Date| When::Local(day.to_datetime(Time::midnight())).resolve(&header.zone, header.last);
    let of_file = usage.days().and_then(|days| match days {
        UsageDays::Instants(begin, end) => Some((begin, end)),
        UsageDays::Dates(first, last) => Some((midnight(first), midnight(last.tomorrow().ok()?))),
    });
    let began = header.began.ok_or_else(|| Failure::Run("nothing is in the ledger yet".to_owned()))?;
    let since = resolved(args.since).or(of_file.map(|days| days.0)).unwrap_or(began);
    let until = resolved(args.until).or(of_file.map(|days| days.1)).unwrap_or(header.last);
    if since >= until {
        return Err(Failure::Usage(format!("--since {since} is not before --until {until}: the end is exclusive")));
    }
    Ok((since, until))
}
