//! What the headline is made from, and how amounts an hour are written in it.

use crate::snapshot::Snapshot;
use crate::statement::Bridge;
use crate::tui::format;
use crate::units::{Money, Timestamp};
use jiff::tz::TimeZone;

/// What the headline is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The present.
    pub snapshot: &'a Snapshot,
    /// The profit an hour as it stands elsewhere on the screen, where that is newer than the snapshot.
    pub rate: Option<Money>,
    /// Whether the snapshot is of an earlier instant, as recorded.
    pub is_past: bool,
    /// Why the profit an hour changed; `None` while it is not known.
    pub bridge: Option<&'a Bridge>,
    /// The profit an hour of the compared minute and its end, as recorded, where there is no bridge.
    pub recorded: Option<(Money, Timestamp)>,
    /// The zone of the times.
    pub zone: &'a TimeZone,
}

/// An amount an hour without its sign: `$2,000/h`.
pub(super) fn an_hour(facts: &Facts<'_>, amount: Money) -> String {
    let size = if amount < Money::ZERO { Money::ZERO - amount } else { amount };
    let places = if size < Money::from_micros(1_000_000_000) { 2 } else { 0 };
    format!("{}/h", format::amount(Some(size), facts.snapshot.money.currency.as_str(), places).trim())
}

/// The same with its sign: `+$2,000/h`, `−$2,000/h`.
pub(super) fn signed_an_hour(facts: &Facts<'_>, amount: Money) -> String {
    let sign = if amount < Money::ZERO { '−' } else { '+' };
    format!("{sign}{}", an_hour(facts, amount))
}
