//! `margintop`: the dashboard.

use std::time::Duration;

use tokio::runtime::Handle;

use super::global::Global;
use super::sources::SourcePlan;
use super::{Failure, attached, ledger, screen};
use crate::clock::Clock;
use crate::session::{self, Session, SessionConfig};
use crate::tui::{self, SetInterval};

/// Shows the named targets, or those of the configuration, or this machine; and `also` beside them.
pub(super) fn run(global: &Global, targets: &[String], also: &[String]) -> Result<(), Failure> {
    if let Some(hub) = attached::hub(global, targets, also)? {
        return attached::show(global, &hub);
    }
    let plan = SourcePlan::with(global, targets, also)?;
    plan.warn_of_duplicates();
    let path = ledger::choice(global, &plan.settings).or_own();
    let options = screen::options(&plan, path.as_deref(), "margintop once")?;
    let runtime = session::runtime(1)?;
    let config = plan.session(&Clock::System, ledger::settings(&plan.settings, path, &Clock::System));
    watch(options, config, &plan, runtime.handle(), |_| {})
}

/// Starts a session with the screen's charts, and shows it once `ready` returns.
pub(super) fn watch(
    mut options: tui::Options,
    config: SessionConfig,
    plan: &SourcePlan,
    runtime: &Handle,
    ready: impl FnOnce(&Session),
) -> Result<(), Failure> {
    let config = SessionConfig { history: Some(options.history.clone()), ..config };
    let session = Session::start(config, runtime);
    options.past = Some(ledger::past(&session.store, &plan.settings, options.zone.clone()));
    let interval = session.interval.clone();
    options.set_interval = Some(SetInterval::new(move |every| {
        interval.send_replace(Duration::from_millis(every.millis().max(0).unsigned_abs()));
    }));
    ready(&session);
    screen::show(options, session.snapshots.clone())?.exit()
}
