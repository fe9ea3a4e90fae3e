//! The numbers of the language, and texts.

use super::{numbers, texts};

numbers! {
    u8 as u8: |number| *number, Some;
    u32 as u32: |number| *number, Some;
    i32 as i32: |number| *number, Some;
    u64 as u64: |number| *number, Some;
    i64 as i64: |number| *number, Some;
    i128 as i128: |number| *number, Some;
    bool as u8: |flag| u8::from(*flag), |byte| (byte < 2).then_some(byte == 1);
    usize as u64: |count| *count as u64, |count| usize::try_from(count).ok();
    // A measured figure: 20 bits of its fraction, which is a millionth of it. What is drawn has fewer digits.
    f64 as u32: |figure| (figure.to_bits() >> 32) as u32, |top| Some(f64::from_bits(u64::from(top) << 32));
    f32 as u32: |figure| figure.to_bits(), |bits| Some(f32::from_bits(bits));
}

texts! { String: String::as_str, str::to_owned; }
