//! `margintop demo --deepseek-day`: the published inference day, played at any speed.
//!
//! The simulated clock moves only between polls, by at most a minute, so that the day's figures are the same at any
//! speed: on a slow machine the day takes longer, in the same steps.

use jiff::tz::{Offset, TimeZone};

use super::demo::{NAME, runtime};
use super::demo_args::DemoArgs;
use super::global::Global;
use super::picture::picture;
use super::sources::{SourcePlan, settings};
use super::{Failure, ledger, print, screen, scripted, to_stderr};
use crate::clock::{Clock, ScriptedClock};
use crate::history::History;
use crate::reading::{Label, NodeName};
use crate::session::Playback;
use crate::source::simulate::{self, DAY_BEGIN, Plan};
use crate::tui;
use crate::tui::app::WatchedFleet;

/// A day in a minute.
const SPEED: f64 = 1440.0;
/// The zone of the published hours.
const ZONE: Offset = Offset::constant(8);
/// The title on the screen.
const TITLE: &str = "DeepSeek's day";

/// Plays the day and prints its end, draws it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    if let Some(warning) = args.without_effect_on_day() {
        to_stderr(&warning);
    }
    let speed = args.speed.unwrap_or(SPEED);
    let runtime = runtime()?;
    let clock = ScriptedClock::at(DAY_BEGIN);
    let fleet = runtime.block_on(simulate::open(Plan::deepseek_day(Clock::Scripted(clock.clone()))))?;
    let mut plan = SourcePlan::bare(settings(global)?, NodeName::new(NAME));
    plan.settings.zone = TimeZone::fixed(ZONE);
    plan.settings.leases = fleet.leases();
    // The published figures are of this fleet alone.
    (plan.settings.overhead, plan.settings.bill, plan.settings.budget) = <_>::default();
    simulate::price_day(&mut plan.settings.book)?;
    let history = History::default();
    let path = ledger::choice(global, &plan.settings).only_new("simulated day")?;
    let config = plan.playback(path, Some(history.clone()));
    let mut day = Playback::of_day(fleet, &clock, speed, plan.interval(), config);
    ledger::kept(&day.basis)?;
    if args.once.any() || args.picture.is_some() {
        let last = runtime.block_on(day.turn_day(speed, args.picture.is_some()));
        if let Some(path) = &args.picture {
            let past = ledger::past(&day.store, &plan.settings, plan.settings.zone.clone());
            picture(path, TITLE, last.clone(), history, &past, &plan.settings.zone)?;
        }
        day.scripted.close();
        return if args.once.any() {
            print::snapshot(&last, args.once.form(false), &plan.settings.zone)
        } else {
            Ok(())
        };
    }
    let options = tui::Options {
        history,
        title: Some(Label::new(TITLE)),
        fleet: WatchedFleet::PublishedDay { speed: Some(speed.round() as u32) },
        ..screen::options(&plan, None)?
    };
    scripted::show(options, day, &plan, speed, &runtime, || None)?.0.exit()
}
