//! `margintop demo --deepseek-day`: the published inference day, turned as fast as one likes.
//!
//! The simulated clock moves only between looks, at most a minute a look, so that the day's figures are the same at any
//! speed: a machine that is too slow makes the day longer, never coarser.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use tokio::sync::watch;

use super::demo::{DemoArgs, NAME, runtime, speed};
use super::global::Global;
use super::once::print;
use super::sources::{SourcePlan, settings};
use super::{Failure, dashboard, ledger, scripted};
use crate::clock::{Clock, ScriptedClock};
use crate::fleet::{Fleet, FleetConfig};
use crate::history::History;
use crate::pricing::{Lease, Leased, Pinned};
use crate::reading::{Label, NodeName};
use crate::session::{Collector, Scripted, TurnedFleet};
use crate::snapshot::Snapshot;
use crate::source::simulate::{self, DAY_BEGIN, DAY_END, Holding};
use crate::store;
use crate::tui;
use crate::tui::app::{Action, App, ChartReach, WatchedFleet};
use crate::units::Span;

/// The most simulated time between two looks.
const STEP: Span = Span::from_secs(60);
/// A day in a minute.
const SPEED: f64 = 1440.0;
/// The zone of the published hours.
const ZONE: Offset = Offset::constant(8);
/// What the screen calls it.
const TITLE: &str = "DeepSeek's day";
/// Columns and rows of its picture.
const PICTURE: (u16, u16) = (120, 36);
/// What the overview priced the day by.
const LIST: &str = "deepseek-r1-standard";
/// What the overview paid for a GPU-hour, in dollars.
const RATE: &str = "2.00";

pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let speed = speed(args, SPEED)?;
    let runtime = runtime()?;
    let clock = ScriptedClock::at(DAY_BEGIN);
    let fleet = runtime.block_on(simulate::open(simulate::Plan::deepseek_day(Clock::Scripted(clock.clone()))))?;
    let mut plan = SourcePlan::bare(settings(global)?, NodeName::new(NAME));
    // Its hours are those of the place where it was.
    plan.settings.zone = TimeZone::fixed(ZONE);
    plan.settings.leases = leases(fleet.holdings())?;
    let pin = Pinned::list("*", LIST);
    plan.settings.book.pin(vec![pin]).map_err(|error| Failure::Run(error.to_string()))?;

    let history = History::default();
    let path = ledger::choice(global, &plan.settings).only_named();
    let step = step(speed, plan.interval());
    let watched = Fleet::new(site(&plan, step), plan.settings.book.clone(), clock.now());
    let keeping = ledger::settings(&plan, path, &Clock::Scripted(clock.clone()));
    let keeping = store::Settings { one_day: true, ..keeping };
    let collector = Collector::new(watched).recording(history.clone());
    let (collector, store) = ledger::keep_own(collector, &plan, keeping, "simulated day")?;
    let mut day = Scripted::new(collector, TurnedFleet::new(Box::new(fleet), &clock, step, DAY_END), &clock);
    let (publish, snapshots) = watch::channel(Arc::new(day.collector.unjudged()));
    let past = ledger::past(&store, &plan, plan.settings.zone.clone());
    if args.look.any() || args.picture.is_some() {
        // Charts are of what was published.
        let snapshots = args.picture.is_some().then_some(snapshots);
        let last = runtime.block_on(day.turn(None, Some(speed), &publish));
        drop(snapshots);
        day.collector.commit();
        if let Some(path) = &args.picture {
            picture(path, last.clone(), history, &past, &plan)?;
        }
        day.collector.close();
        return if args.look.any() { print(&last, args.look.form(false), &plan.settings.zone) } else { Ok(()) };
    }
    let mut options = dashboard::options(&plan)?;
    options.history = history;
    options.title = Some(Label::new(TITLE));
    options.fleet = WatchedFleet::PublishedDay { speed: Some(speed.round() as u32) };
    options.past = Some(past);
    let ended = |mut day: Scripted<TurnedFleet>| day.collector.close();
    scripted::show(options, day, speed, (publish, snapshots), &runtime, || None, ended)
}

/// Writes the overview of the last instant as a picture.
fn picture(
    path: &Path,
    last: Arc<Snapshot>,
    history: History,
    past: &tui::LedgerQueries,
    plan: &SourcePlan,
) -> Result<(), Failure> {
    let mut app = App::new(last.clone(), plan.settings.zone.clone(), Span::from_secs(1), 1);
    app.title = Some(Label::new(TITLE));
    (app.history, app.fleet) = (history, WatchedFleet::PublishedDay { speed: None });
    (app.charts.reach, app.has_past) = (ChartReach::Day, true);
    app.update(Action::Fresh(last));
    while let Some(question) = app.question() {
        app.update(past.answer_of(question).map_or(Action::Unanswered, Action::Answered));
    }
    let svg = tui::picture_of(&app, PICTURE).map_err(|error| Failure::Run(error.to_string()))?;
    std::fs::write(path, svg).map_err(|error| Failure::Run(format!("{}: {error}", path.display())))
}

/// The dated schedule that the rent runs by: 5,442 node-hours at any speed. What was held when the day ended was held on, so its last
/// instant has a cost an hour like any other.
fn leases(holdings: &[Holding]) -> Result<Vec<Lease>, Failure> {
    let rate = RATE.parse().map_err(|error: crate::units::DecimalError| Failure::Run(error.to_string()))?;
    let lease = |holding: &Holding| Lease {
        gpus: Some(holding.gpus),
        from: Some(holding.from),
        until: Some(holding.until).filter(|until| *until < DAY_END),
        ..Lease::of(Leased::Node(holding.node.clone()), rate)
    };
    Ok(holdings.iter().map(lease).collect())
}

/// The simulated time between two looks.
fn step(speed: f64, interval: Duration) -> Span {
    let second = Span::from_millis((speed * interval.as_secs_f64() * 1000.0) as i64);
    second.min(STEP).max(Span::from_millis(1))
}

fn site(plan: &SourcePlan, step: Span) -> FleetConfig {
    let window = Span::from_millis(step.millis() * 5);
    // 180 points of eight minutes are the day.
    let sparkline_step = Span::from_secs(480);
    FleetConfig {
        interval: step,
        zone: None,
        sparkline_step,
        pace: Some(window.max(Span::from_secs(60))),
        ..plan.site(window)
    }
}
