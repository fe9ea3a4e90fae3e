//! Numbers of a fixed width.

use super::{ColumnReader, ColumnWriter};

/// A number that is stored in so many bytes.
pub trait StoredNumber: Copy {
    /// The number of its bytes.
    const WIDTH: usize;
    /// Appends its bytes, the least significant first.
    fn store(self, to: &mut Vec<u8>);
    /// Reads its bytes.
    fn load(bytes: &[u8]) -> Option<Self>;
}

macro_rules! stored {
    ($($number:ty)*) => { $(
        impl StoredNumber for $number {
            const WIDTH: usize = size_of::<$number>();

            fn store(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn load(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )* };
}

stored! { u8 u32 i32 u64 i64 i128 }

/// Writes a column of numbers.
pub fn put_numbers<N: StoredNumber>(numbers: impl Iterator<Item = N>, out: &mut ColumnWriter) {
    let bytes = out.column(N::WIDTH);
    numbers.for_each(|number| number.store(bytes));
}

/// Reads a column of so many numbers; `None` if it has another length.
pub fn take_numbers<'c, N: StoredNumber>(
    count: usize,
    input: &mut ColumnReader<'c>,
) -> Option<impl Iterator<Item = N> + use<'c, N>> {
    let bytes = input.column(N::WIDTH, count)?;
    Some(bytes.chunks_exact(N::WIDTH).filter_map(N::load))
}
