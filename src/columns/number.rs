//! Numbers of a fixed width.

use super::numbers;
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

        numbers! { $number as $number: |number| *number, Some; }
    )* };
}

stored! { u8 u32 i32 u64 i64 i128 }

numbers! {
    bool as u8: |flag| u8::from(*flag), |byte| (byte < 2).then_some(byte == 1);
    usize as u64: |count| *count as u64, |count| usize::try_from(count).ok();
    // A measured figure: 20 bits of its fraction, which is a millionth of it. What is drawn has fewer digits.
    f64 as u32: |figure| (figure.to_bits() >> 32) as u32, |top| Some(f64::from_bits(u64::from(top) << 32));
    f32 as u32: |figure| figure.to_bits(), |bits| Some(f32::from_bits(bits));
}

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
