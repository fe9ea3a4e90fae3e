//! `margintop demo`: a simulated fleet behind real sockets, watched like any other.

use super::demo_args::DemoArgs;
use super::global::Global;
use super::once_args::OutputForm;
use super::settings::settings;
use super::sources::{SourcePlan, patient};
use super::{Failure, dashboard, ledger, once, out, screen, to_stderr};
use crate::clock::{Clock, LateClock};
use crate::reading::Label;
use crate::session::{begin_late, runtime, wait_for_present};
use crate::source::simulate;
use crate::tui;

/// Opens a simulated fleet, and prints it, shows it, or only serves it.
pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let (runtime, late) = (runtime(2)?, LateClock::default());
    let clock = Clock::Late(late.clone());
    let fleet = runtime.block_on(simulate::open(args.fleet(&clock)))?;
    if args.serve {
        // This machine's own GPUs are not part of the fleet.
        let urls = fleet.targets().iter().map(|target| target.url.as_str()).chain(["nvml:off"]);
        out::line(&urls.collect::<Vec<_>>().join("\n"))?;
        return runtime.block_on(std::future::pending());
    }
    let plan = SourcePlan::simulated(settings(global)?)?;
    let path = ledger::choice(global, &plan.settings).only_named();
    let (polls, form) = args.once.polls(plan.interval())?;
    // What people read shows what the dashboard shows: it begins with the same past.
    if !args.once.any() || form != OutputForm::Json {
        begin_late(&late, fleet.targets().len(), path.as_deref());
    }
    if args.once.any() {
        let mut config = plan.sampled(polls, &clock, path);
        config.sources.push(Box::new(fleet.polled_with(patient())));
        let last = once::observe(&runtime, config, form, &plan.settings.zone)?;
        return ledger::kept(&last.money.ledger);
    }
    let title = Some(Label::new(plan.node.as_str()));
    let options = tui::Options { title, ..screen::options(&plan, path.as_deref(), "margintop demo --text")? };
    let mut config = plan.session(&clock, ledger::settings(&plan.settings, path, &clock));
    config.sources.push(Box::new(fleet));
    let minutes = late.behind().millis() / 60_000;
    let wait = || to_stderr(&format!("the last {minutes} minutes of the demo are being simulated"));
    dashboard::watch(options, config, &plan, runtime.handle(), |session| {
        runtime.block_on(wait_for_present(session.snapshots.clone(), &late, wait));
    })
}
