//! `margintop once`: poll, poll again, print, exit.

use super::global::Global;
use super::once_args::{OnceArgs, OutputForm};
use super::sources::SourcePlan;
use super::{Failure, failures, ledger, print};
use crate::clock::Clock;
use crate::session::Rounds;

/// Polls what was named, prints it, and fails if a named source did.
pub(super) fn run(global: &Global, targets: &[String], args: &OnceArgs) -> Result<(), Failure> {
    let plan = SourcePlan::new(global, targets)?;
    let (polls, form) = args.polls(plan.interval())?;
    if form != OutputForm::Json {
        plan.tell_doubles();
    }
    let path = ledger::choice(global, &plan.settings).only_named();
    let rounds = Rounds::new(plan.rounds(polls, &Clock::System, path));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let print = |snapshot: &_| print::snapshot(snapshot, form, &plan.settings.zone);
    failures::failures(&plan, &*runtime.block_on(rounds.observe(print))?)
}
