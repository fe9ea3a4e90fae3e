//! `margintop demo --deepseek-day`: the published inference day, played at any speed.
//!
//! The simulated clock moves only between polls, by at most a minute, so that the day's figures are the same at any
//! speed: on a slow machine the day takes longer, in the same steps.

use super::demo_args::DemoArgs;
use super::global::Global;
use super::picture::picture;
use super::settings::settings;
use super::sources::SourcePlan;
use super::{Failure, ledger, print, screen, scripted, to_stderr};
use crate::history::History;
use crate::reading::Label;
use crate::session::{Playback, runtime};
use crate::tui;
use crate::tui::app::WatchedFleet;

/// A day in a minute.
const SPEED: f64 = 1440.0;
/// The title on the screen.
const TITLE: &str = "DeepSeek's day";

/// Plays the day and prints its end, draws it, or shows it while it plays.
pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    args.without_effect_on_day().iter().for_each(|warning| to_stderr(warning));
    let (runtime, history, speed) = (runtime(2)?, History::default(), args.speed.unwrap_or(SPEED));
    let plan = SourcePlan::published_day(settings(global)?)?;
    let path = ledger::flag_choice(global, &plan.settings, "simulated day").only_new("simulated day")?;
    let config = plan.playback(path, Some(history.clone()));
    let mut day = runtime.block_on(Playback::of_day(speed, plan.interval(), config))?;
    ledger::kept(&day.basis)?;
    if args.once.any() || args.picture.is_some() {
        let last = runtime.block_on(day.play_day(speed, args.picture.is_some()));
        if let Some(path) = &args.picture {
            let past = ledger::past(&day.store, &plan.settings, plan.settings.zone.clone());
            picture(path, TITLE, last.clone(), history, &past, &plan.settings.zone)?;
        }
        day.scripted.close();
        let form = args.once.any().then(|| args.once.form(false));
        return form.map_or(Ok(()), |form| print::snapshot(&last, form, &plan.settings.zone));
    }
    let fleet = WatchedFleet::PublishedDay { speed: Some(speed.round() as u32) };
    let title = Some(Label::new(TITLE));
    let options =
        tui::Options { title, fleet, history, ..screen::options(&plan, None, "margintop demo --deepseek-day --text")? };
    scripted::show(options, day, &plan, speed, &runtime, || None)?.0.exit()
}
