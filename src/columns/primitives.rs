//! The numbers of the language, and texts.

use super::{ColumnReader, ColumnWriter, Columnar, numbers, put_figures, take_figures, texts};

numbers! {
    u8 as u8: |number| *number, Some;
    u32 as u32: |number| *number, Some;
    i32 as i32: |number| *number, Some;
    u64 as u64: |number| *number, Some;
    i64 as i64: |number| *number, Some;
    i128 as i128: |number| *number, Some;
    bool as u8: |flag| u8::from(*flag), |byte| (byte < 2).then_some(byte == 1);
    usize as u64: |count| *count as u64, |count| usize::try_from(count).ok();
    f32 as u32: |figure| figure.to_bits(), |bits| Some(f32::from_bits(bits));
}

texts! { String: String::as_str, str::to_owned; }

impl Columnar for f64 {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        put_figures(items.iter().map(|figure| **figure), out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        Some(take_figures(count, input)?.collect())
    }
}
