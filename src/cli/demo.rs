//! `margintop demo`: a simulated fleet behind real sockets, watched like any other.

use std::time::Duration;

use super::demo_args::DemoArgs;
use super::global::Global;
use super::once_args::OutputForm;
use super::sources::{SourcePlan, patient, settings};
use super::{Failure, dashboard, ledger, once, out, screen, to_stderr};
use crate::clock::{Clock, LateClock};
use crate::reading::Label;
use crate::session::{Session, begin_late, runtime};
use crate::source::simulate;
use crate::tui;
use crate::units::Span;

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
    // A card shows what the dashboard shows: it begins with the same past.
    if !args.once.any() || form == OutputForm::Card {
        begin_late(&late, fleet.targets().len(), path.as_deref());
    }
    if args.once.any() {
        let mut config = plan.rounds(polls, &clock, path);
        config.sources.push(Box::new(fleet.polled_with(patient())));
        let last = once::observe(&runtime, config, form, &plan.settings.zone)?;
        return ledger::kept(&last.money.ledger);
    }
    let title = Some(Label::new(plan.node.as_str()));
    let options = tui::Options { title, ..screen::options(&plan, path.as_deref())? };
    let mut config = plan.session(&clock, ledger::settings(&plan.settings, path, &clock));
    config.sources.push(Box::new(fleet));
    dashboard::watch(options, config, &plan, runtime.handle(), |session| runtime.block_on(caught_up(session, &late)))
}

/// The longest wait for the simulated past; a slower machine sees how it goes on.
const PATIENCE: Duration = Duration::from_secs(6);
/// The wait after which it is said what is waited for.
const QUIET: Duration = Duration::from_millis(700);
/// How far behind the present the first snapshot that is shown may be.
const NEAR: Span = Span::from_secs(5);

/// Waits for the simulated past, so that the first frame shows all of it.
async fn caught_up(session: &Session, late: &LateClock) {
    let mut snapshots = session.snapshots.clone();
    let present = async {
        while late.behind() > Span::ZERO || snapshots.borrow_and_update().at + NEAR < late.now().wall {
            if snapshots.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::pin!(present);
    if tokio::time::timeout(QUIET, &mut present).await.is_err() {
        to_stderr("the last hour of the demo is being simulated");
        let _ = tokio::time::timeout(PATIENCE, present).await;
    }
}
