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
    let mut may_miss = false;
    for instance in &mut engine.instances {
        may_miss |= instance.processes.change_bill(bill == Bill::Finished);
    }
    if may_miss {
        context.ledger.lose_window(context.at.wall);
    }
}
