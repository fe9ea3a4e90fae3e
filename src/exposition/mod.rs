//! Parser and writer for the text formats of metrics pages, Prometheus 0.0.4 and OpenMetrics 1.0; parsing does not
//! copy.
//!
//! It knows lines, names, labels and values; the meaning of metrics is in `dialect`. Parsing tolerates errors by line
//! (a bad line is counted and skipped), is bounded ([`Limits`], with everything beyond counted) and never panics. Most
//! lines of a page are not wanted, so a line's name is read first, and the rest only if it is wanted.

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
