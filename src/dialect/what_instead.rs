//! What an answer is that is no metrics page.

/// What a page says that is used up by reading it: `TensorRT-LLM`'s statistics.
pub const JSON_ARRAY: &str =
    "it is a JSON array, as TensorRT-LLM's statistics are, which reading uses up; not asked again";

/// Whether an answer is such a list.
pub fn is_array(answer: &[u8]) -> bool {
    text_of(answer).starts_with(b"[")
}

/// An answer without what may stand around it.
fn text_of(answer: &[u8]) -> &[u8] {
    answer.strip_prefix("\u{feff}".as_bytes()).unwrap_or(answer).trim_ascii()
}

/// What a page without a single metric seems to be.
pub(super) fn what_instead(page: &[u8]) -> &'static str {
    let text = text_of(page);
    match text {
        [] => "the answer is empty",
        [b'<', ..] => "it is HTML (a login page?); give the address of the metrics page itself",
        [b'[', ..] => JSON_ARRAY,
        [b'{', ..] => "it is JSON; give the path of the metrics page",
        _ if text.contains(&0) || std::str::from_utf8(text).is_err() => "it is binary data",
        _ => "it is text without a single metric",
    }
}
