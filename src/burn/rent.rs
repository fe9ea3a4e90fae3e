//! The rent of some of a node's GPUs, each at its own rate.

use crate::reading::Label;
use crate::snapshot::{GpuRow, NodeRow, Snapshot};
use crate::units::Money;

/// The rent per hour of those GPUs of a node that fulfil a condition. `None` where the rate of one of them is not known: a
/// mean of several rates is the rate of none.
pub fn rent_of(snapshot: &Snapshot, node: &NodeRow, is_meant: impl Fn(&GpuRow) -> bool) -> Option<Money> {
    let meant: Vec<&GpuRow> = node.gpus.iter().filter(|gpu| is_meant(gpu)).collect();
    if meant.len() == node.gpus.len() || has_one_kind(node) {
        return part(node.cost_per_hour?, meant.len(), node.gpus.len());
    }
    node.cost_per_hour?;
    meant.into_iter().map(|gpu| rate_of(snapshot, gpu)).sum()
}

/// Whether all GPUs of a node have one name, and so one rate.
pub(super) fn has_one_kind(node: &NodeRow) -> bool {
    node.gpus.windows(2).all(|pair| pair[0].name == pair[1].name)
}

/// The part of an amount for `of` of `number`.
pub(super) fn part(amount: Money, of: usize, number: usize) -> Option<Money> {
    amount.scaled(i64::try_from(of).ok()?, i64::try_from(number).ok().filter(|number| *number > 0)?)
}

/// The rate of a GPU, if exactly one rate is in force for its name.
fn rate_of(snapshot: &Snapshot, gpu: &GpuRow) -> Option<Money> {
    let name = gpu.name.as_ref().map(Label::as_str)?;
    let has_word = |rate: &str| name == rate || name.split([' ', '-', '_']).any(|word| word.eq_ignore_ascii_case(rate));
    let mut rates = snapshot.money.rates.iter().filter(|rate| has_word(rate.gpu.as_str()));
    let rate = rates.next().filter(|_| rates.next().is_none())?;
    Some(Money::from_micros(rate.rate.micros()))
}
