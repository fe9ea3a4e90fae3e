//! The text formats of metrics pages, Prometheus 0.0.4 and OpenMetrics 1.0: read without copying, and written.
//!
//! It knows lines, names, labels and values, and no metric: meaning is `dialect`. Reading is tolerant by line (a bad
//! line is counted and skipped), bounded ([`Limits`], each bite counted) and never panics. Most of a page is of no
//! interest to anyone, so a line's name is looked at first, and the rest only if it is wanted.

mod emit;
mod labels;
mod limits;
mod number;
mod rows;

pub use emit::Emitter;
pub(crate) use labels::fnv1a;
pub use labels::{LabelText, SeriesLabels};
pub use limits::{Limits, Tally};
pub use number::number;
pub use rows::{FamilyKind, Rows, SeriesRow, Unreadable};
