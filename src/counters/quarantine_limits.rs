//! How long a change of a counter is quarantined, and what is a small part of a value.

use crate::units::Span;

/// The number of pages that a fall is quarantined for, if it is probably a reset.
pub(super) const QUARANTINE_PAGES: u8 = 3;

/// The number of pages that a fall is quarantined for, if it may also be a dip.
pub(super) const QUARANTINE_PAGES_LONG: u8 = 12;

/// A row that dips keeps more than one part in this many of its value; a reset row has less.
pub(super) const SMALL_PART: u64 = 10;

/// The longest quarantine of a fall that neither grows nor returns.
pub(super) const QUARANTINE_LONGEST: Span = Span::from_secs(600);

/// The longest time that a view of a process, such as a cache or a second Prometheus server, lags behind another one.
pub(super) const LAG: Span = Span::from_secs(300);
