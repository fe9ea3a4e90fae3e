//! A change of what is billed, all requests or finished ones, between two pages of a target.

use super::{Context, Engine};
use crate::pricing::Bill;

/// Follows a change of what is billed. No request is counted in both ways; what was running at the change may be missing.
pub(super) fn follow(context: &mut Context<'_>, engine: &mut Engine) {
    let bill = context.config.bill;
    let before = engine.bill.replace(bill);
    if before.is_none_or(|before| before == bill) {
        return;
    }
    let processes = engine.instances.iter_mut().map(|instance| &mut instance.processes);
    let may_miss =
        processes.fold(false, |may_miss, processes| processes.change_bill(bill == Bill::Finished) || may_miss);
    if may_miss {
        context.ledger.lose_window(context.at.wall);
    }
}
