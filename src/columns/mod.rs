//! Values as columns of numbers and text: the same field of all rows is stored together, so that what did not change since the
//! last time compresses to nothing.
//!
//! A type lists its fields once, with `fields!`, and is written and read by them. Nothing says how many columns a
//! type has or what they are called: both ends must be of the same version.

mod containers;
mod figures;
mod frame;
mod macros;
mod number;
mod primitives;

pub use figures::{HourlyAmounts, PostedAmounts, put_figures, take_figures};
pub use frame::{ColumnReader, ColumnWriter, FrameError};
pub(crate) use macros::{fields, numbers, texts, variants};
pub use number::{StoredNumber, put_numbers, take_numbers};

/// A type whose values can be written as columns and read back.
pub trait Columnar: Sized {
    /// Writes all items, each column once.
    fn put_all(items: &[&Self], out: &mut ColumnWriter);

    /// Reads so many items; `None` if the columns do not have them.
    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>>;

    /// Writes one item.
    fn put(&self, out: &mut ColumnWriter) {
        Self::put_all(&[self], out);
    }

    /// Reads one item.
    fn take(input: &mut ColumnReader<'_>) -> Option<Self> {
        Self::take_all(1, input)?.pop()
    }
}
