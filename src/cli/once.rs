//! `margintop once`: look, look again, print, exit.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use super::global::Global;
use super::look_args::{LookArgs, OutputForm};
use super::out::Stdout;
use super::sources::SourcePlan;
use super::{Failure, card, failures, ledger, text};
use crate::clock::Clock;
use crate::fleet::FleetConfig;
use crate::session::{PollPlan, Rounds, RoundsConfig};
use crate::snapshot::Snapshot;
use crate::source::nvml::PollPace;
use crate::source::scrape::Settings;
use crate::units::Span;

/// How long anything may take for a look. All wait for the slowest, and must not be stale by then.
pub(super) const PATIENCE: Duration = Duration::from_millis(2_500);

/// Looks at what was named, prints it, and fails if a named source did.
pub(super) fn run(global: &Global, targets: &[String], args: &LookArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, targets)?;
    let (looks, form) = looks(args, plan.interval())?;
    if form != OutputForm::Json {
        plan.tell_doubles();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let path = ledger::choice(global, &plan.settings).only_named();
    let last = observe(&runtime, rounds(&plan, looks, &Clock::System, path), form, &plan.settings.zone)?;
    failures::failures(&plan, &last)
}

/// When to look and how to print, as the arguments say.
pub(super) fn looks(args: &LookArgs, interval: Duration) -> Result<(PollPlan, OutputForm), Failure> {
    let (span, repeat) = match (args.span, args.every) {
        (Some(span), _) => (span, false),
        (None, Some(every)) => (every, true),
        (None, None) => (interval, false),
    };
    if repeat && span.is_zero() {
        return Err(Failure::Usage("--every 0: write how often, like --every 10s".to_owned()));
    }
    Ok((PollPlan { span, repeat, interval }, args.form(repeat)))
}

/// What is looked at, with the ledger's file, or in memory where there is none.
pub(super) fn rounds(plan: &SourcePlan, looks: PollPlan, clock: &Clock, path: Option<PathBuf>) -> RoundsConfig {
    let window = Span::from(looks.span).max(Span::from_millis(1));
    let settings = Settings { timeout: PATIENCE, ..Settings::default() };
    RoundsConfig {
        fleet: FleetConfig { pace: Some(window), ..plan.site(window) },
        book: plan.settings.book.clone(),
        sources: plan.sources(PollPace::Asked, &settings),
        discovery: plan.discovery(&settings),
        plan: looks,
        clock: clock.clone(),
        ledger: path.map(|path| (ledger::settings(plan, Some(path), clock), ledger::absence(plan))),
    }
}

/// Looks, prints, and gives the last snapshot.
pub(super) fn observe(
    runtime: &Runtime,
    config: RoundsConfig,
    form: OutputForm,
    zone: &TimeZone,
) -> Result<Arc<Snapshot>, Failure> {
    let rounds = Rounds::new(config);
    runtime.block_on(rounds.observe(|snapshot| print(snapshot, form, zone)))
}

/// Prints a snapshot; times of a card are in `zone`.
pub(super) fn print(picture: &Snapshot, form: OutputForm, zone: &TimeZone) -> Result<(), Failure> {
    let mut out = Stdout::default();
    let printed = match form {
        OutputForm::Json => serde_json::to_string(picture).map_err(|error| Failure::Run(error.to_string()))?,
        OutputForm::Text => text::render(picture),
        OutputForm::Card => card::render(picture, zone),
    };
    writeln!(out, "{}", printed.trim_end())?;
    out.flush()?;
    if out.is_closed() {
        std::process::exit(0);
    }
    Ok(())
}
