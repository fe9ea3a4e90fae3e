//! A frame: all columns of a value, compressed, alone or as the difference from the frame before.
//!
//! A column of the same length as before is written as the differences of its numbers, byte plane by byte plane: what did not
//! change is zero, and a small change, up or down, leaves the high planes zero.

use std::fmt;

/// The most bytes of a frame's columns, so that a hostile frame cannot take all memory.
const LARGEST: usize = 256 << 20;
/// The most columns.
const MOST: usize = 4096;
/// The level of compression: a frame is made once for all viewers, and a seventh smaller than at the level of the fastest.
const LEVEL: i32 = 13;

/// Columns that are being written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ColumnWriter {
    columns: Vec<StoredColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredColumn {
    width: usize,
    bytes: Vec<u8>,
}

/// Columns that are being read, in the order in which they were written.
#[derive(Debug)]
pub struct ColumnReader<'c> {
    columns: std::slice::Iter<'c, StoredColumn>,
}

/// Why a frame cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// It is not what the other end of this version writes.
    Malformed,
    /// It is the difference from a frame that is not the last one read.
    OutOfOrder,
    /// It is larger than any frame may be.
    TooLarge,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a frame is malformed",
            Self::OutOfOrder => "a frame is missing",
            Self::TooLarge => "a frame is too large",
        })
    }
}

impl std::error::Error for FrameError {}

impl ColumnWriter {
    /// Begins a column of numbers of so many bytes each, and returns its bytes.
    pub(super) fn column(&mut self, width: usize) -> &mut Vec<u8> {
        self.columns.push(StoredColumn { width, bytes: Vec::new() });
        let last = self.columns.len() - 1;
        &mut self.columns[last].bytes
    }

    /// Writes texts: their lengths, and their bytes one after another.
    pub fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str> + Clone) {
        let lengths = self.column(4);
        texts.clone().for_each(|text| lengths.extend_from_slice(&(text.len() as u32).to_le_bytes()));
        let bytes = self.column(1);
        texts.for_each(|text| bytes.extend_from_slice(text.as_bytes()));
    }

    /// Reads what was written.
    pub fn reader(&self) -> ColumnReader<'_> {
        ColumnReader { columns: self.columns.iter() }
    }

    /// The frame of these columns: the difference from `before`, or all of them.
    pub fn frame(&self, before: Option<&Self>) -> Vec<u8> {
        let mut plain = Vec::new();
        plain.extend_from_slice(&(self.columns.len() as u32).to_le_bytes());
        for (nth, column) in self.columns.iter().enumerate() {
            let last = before.and_then(|before| before.columns.get(nth)).filter(|last| last.is_like(column));
            plain.push(column.width as u8);
            plain.extend_from_slice(&(column.bytes.len() as u32).to_le_bytes());
            plain.push(u8::from(last.is_some()));
            column.put_planes(last, &mut plain);
        }
        // Compressing into memory cannot fail.
        zstd::bulk::compress(&plain, LEVEL).unwrap_or_default()
    }

    /// The columns of a frame, whose difference is from `before`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_frame(frame: &[u8], before: Option<&Self>) -> Result<Self, FrameError> {
        let size = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten().ok_or(FrameError::Malformed)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= LARGEST).ok_or(FrameError::TooLarge)?;
        let plain = zstd::bulk::decompress(frame, size).map_err(|_| FrameError::Malformed)?;
        let mut rest = plain.as_slice();
        // A column of zeros takes a few bytes, and as much memory as any.
        let mut size = 0_usize;
        let count = number(&mut rest).filter(|count| *count <= MOST).ok_or(FrameError::Malformed)?;
        let mut columns = Vec::with_capacity(count);
        for nth in 0..count {
            let width = usize::from(*take(&mut rest, 1).ok_or(FrameError::Malformed)?.first().unwrap_or(&0));
            let length = number(&mut rest).ok_or(FrameError::Malformed)?;
            let is_difference = take(&mut rest, 1).ok_or(FrameError::Malformed)? != [0];
            if width == 0 || width > WIDEST || length % width != 0 {
                return Err(FrameError::Malformed);
            }
            let last = before.and_then(|before| before.columns.get(nth)).filter(|last| last.bytes.len() == length);
            if is_difference && last.is_none() {
                return Err(FrameError::OutOfOrder);
            }
            size = size.checked_add(length).filter(|size| *size <= LARGEST).ok_or(FrameError::TooLarge)?;
            let last = last.filter(|_| is_difference);
            let column = StoredColumn::take_planes(width, length, last, &mut rest);
            columns.push(column.ok_or(FrameError::Malformed)?);
        }
        Ok(Self { columns })
    }
}

impl StoredColumn {
    fn is_like(&self, other: &Self) -> bool {
        self.width == other.width && self.bytes.len() == other.bytes.len()
    }

    /// Appends which byte planes are not zero, a bit each, and these planes: all first bytes of the numbers, all second ones.
    fn put_planes(&self, last: Option<&Self>, to: &mut Vec<u8>) {
        if last.is_some_and(|last| last.bytes == self.bytes) {
            return to.extend_from_slice(&0_u16.to_le_bytes());
        }
        let differences = last.map(|last| {
            let pairs = self.bytes.chunks_exact(self.width).zip(last.bytes.chunks_exact(self.width));
            pairs.flat_map(|(now, then)| difference(now, then).to_le_bytes().into_iter().take(self.width)).collect()
        });
        let bytes: &Vec<u8> = differences.as_ref().unwrap_or(&self.bytes);
        let plane = |nth: usize| bytes.iter().skip(nth).step_by(self.width);
        let sent: Vec<usize> = (0..self.width).filter(|nth| plane(*nth).any(|byte| *byte != 0)).collect();
        let mask = sent.iter().fold(0_u16, |mask, nth| mask | 1 << nth);
        to.extend_from_slice(&mask.to_le_bytes());
        for nth in sent {
            to.extend(plane(nth));
        }
    }

    /// Reads a column of so many bytes.
    fn take_planes(width: usize, length: usize, last: Option<&Self>, rest: &mut &[u8]) -> Option<Self> {
        let mask = u16::from_le_bytes(*take(rest, 2)?.first_chunk()?);
        let mut bytes = vec![0; length];
        for plane in (0..width).filter(|plane| mask & 1 << plane != 0) {
            let sent = take(rest, length / width)?;
            bytes.iter_mut().skip(plane).step_by(width).zip(sent).for_each(|(to, from)| *to = *from);
        }
        if let Some(last) = last {
            for (number, then) in bytes.chunks_exact_mut(width).zip(last.bytes.chunks_exact(width)) {
                let now = after(then, number).to_le_bytes();
                number.iter_mut().zip(now).for_each(|(to, from)| *to = from);
            }
        }
        Some(Self { width, bytes })
    }
}

/// The widest number, in bytes.
const WIDEST: usize = size_of::<u128>();

/// A number of at most [`WIDEST`] bytes.
fn wide(bytes: &[u8]) -> u128 {
    let mut all = [0; WIDEST];
    all.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u128::from_le_bytes(all)
}

/// How far a number moved, as a number that is small if it moved little: its lowest bit is the sign.
fn difference(now: &[u8], then: &[u8]) -> u128 {
    let unused = (WIDEST - now.len()) as u32 * 8;
    // In the highest bytes, so that it wraps as a number of that width does.
    let moved = ((wide(now) << unused).wrapping_sub(wide(then) << unused)).cast_signed() >> unused;
    ((moved << 1) ^ (moved >> 127)).cast_unsigned()
}

/// The number that moved so far, in the lowest bytes.
fn after(then: &[u8], difference: &[u8]) -> u128 {
    let difference = wide(difference);
    let moved = (difference >> 1).cast_signed() ^ -(difference & 1).cast_signed();
    wide(then).wrapping_add(moved.cast_unsigned())
}

impl<'c> ColumnReader<'c> {
    /// The bytes of the next column, which has so many numbers of this width.
    pub(super) fn column(&mut self, width: usize, count: usize) -> Option<&'c [u8]> {
        let column = self.columns.next()?;
        let is_whole = column.width == width && count.checked_mul(width) == Some(column.bytes.len());
        is_whole.then_some(column.bytes.as_slice())
    }

    /// The next texts.
    pub fn texts(&mut self, count: usize) -> Option<Vec<&'c str>> {
        let lengths = self.column(4, count)?;
        let mut bytes = self.columns.next().filter(|column| column.width == 1)?.bytes.as_slice();
        let mut texts = Vec::with_capacity(count);
        for length in lengths.chunks_exact(4) {
            let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
            texts.push(std::str::from_utf8(take(&mut bytes, length)?).ok()?);
        }
        bytes.is_empty().then_some(texts)
    }

    /// Whether all columns were read.
    pub fn is_at_end(&self) -> bool {
        self.columns.len() == 0
    }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?) as usize)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::columns::Columnar;

    type Rows = Vec<(Option<u64>, (String, Vec<i64>))>;

    fn written(rows: &Rows) -> ColumnWriter {
        let mut out = ColumnWriter::default();
        rows.put(&mut out);
        out
    }

    fn rows() -> impl Strategy<Value = Rows> {
        proptest::collection::vec(
            (any::<Option<u64>>(), (".{0,8}", proptest::collection::vec(any::<i64>(), 0..4))),
            0..20,
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_alone_and_as_a_difference(first in rows(), second in rows()) {
            let (one, two) = (written(&first), written(&second));
            let alone = ColumnWriter::of_frame(&one.frame(None), None).unwrap();
            prop_assert_eq!(&alone, &one);
            let next = ColumnWriter::of_frame(&two.frame(Some(&one)), Some(&alone)).unwrap();
            let mut reader = next.reader();
            prop_assert_eq!(Rows::take(&mut reader).unwrap(), second);
            prop_assert!(reader.is_at_end());
        }

        #[test]
        fn no_frame_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), first in rows(), cut in 0..400_usize) {
            let one = written(&first);
            let _ = ColumnWriter::of_frame(&bytes, Some(&one));
            let compressed = zstd::bulk::compress(&bytes, 1).unwrap();
            if let Ok(columns) = ColumnWriter::of_frame(&compressed, Some(&one)) {
                let _ = Rows::take(&mut columns.reader());
            }
            let frame = one.frame(None);
            let _ = ColumnWriter::of_frame(&frame[..cut.min(frame.len())], None);
        }
    }

    #[test]
    fn what_did_not_change_takes_next_to_nothing() {
        let row = |at: u32| (Some(u64::from(at) * 7919), (format!("gpu-{at}"), vec![i64::from(at); 3]));
        let rows: Rows = (0..2000).map(row).collect();
        let one = written(&rows);
        let (alone, same) = (one.frame(None).len(), one.frame(Some(&one)).len());
        assert!(same < 200 && alone > 2000, "{alone} and {same} bytes");
    }
}
