//! `margintop once`: poll, poll again, print, exit.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use super::global::Global;
use super::once_args::{OnceArgs, OutputForm};
use super::sources::SourcePlan;
use super::{Failure, attached, failures, ledger, print};
use crate::clock::Clock;
use crate::session::{SampledSession, SampledSessionConfig};
use crate::snapshot::Snapshot;

/// Polls the named targets, prints the snapshot, and fails if one of them did.
pub(super) fn run(global: &Global, targets: &[String], args: &OnceArgs) -> Result<(), Failure> {
    if let (Some(_), Some(hub)) = (&global.attach, attached::hub(global, targets, &[])?) {
        let (_, form) = args.polls(std::time::Duration::from_secs(1))?;
        return attached::once(global, &hub, form);
    }
    let plan = SourcePlan::new(global, targets)?;
    let (polls, form) = args.polls(plan.interval())?;
    if form != OutputForm::Json {
        plan.warn_of_duplicates();
    }
    let path = ledger::choice(global, &plan.settings).only_named();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let last = observe(&runtime, plan.sampled(polls, &Clock::System, path), form, &plan.settings.zone)?;
    failures::failures(&plan, &last)
}

/// Polls all sources repeatedly, prints each requested snapshot, and returns the last one.
pub(super) fn observe(
    runtime: &Runtime,
    config: SampledSessionConfig,
    form: OutputForm,
    zone: &TimeZone,
) -> Result<Arc<Snapshot>, Failure> {
    let print = |snapshot: &_| print::snapshot(snapshot, form, zone);
    runtime.block_on(SampledSession::new(config).observe(print))
}
