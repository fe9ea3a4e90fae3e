//! What an answer is that is not a metrics page.

/// The message for a page that reading consumes: `TensorRT-LLM`'s statistics.
pub const JSON_ARRAY: &str =
    "it is a JSON array, as TensorRT-LLM's statistics are, which reading uses up; not asked again";

/// Whether an answer is a JSON array.
pub fn is_array(answer: &[u8]) -> bool {
    text_of(answer).starts_with(b"[")
}

/// An answer without a byte order mark and surrounding blanks.
fn text_of(answer: &[u8]) -> &[u8] {
    answer.strip_prefix("\u{feff}".as_bytes()).unwrap_or(answer).trim_ascii()
}

/// What a page without any metric probably is, and what to do.
pub(super) fn what_instead(page: &[u8]) -> &'static str {
    let text = text_of(page);
    match text {
        [] => "the answer is empty; check the address, or the command that saved the file",
        [b'<', ..] => "it is HTML (a login page?); give the address of the metrics page itself",
        [b'[', ..] => JSON_ARRAY,
        [b'{', ..] => "it is JSON; give the path of the metrics page",
        _ if text.contains(&0) || std::str::from_utf8(text).is_err() => {
            "it is binary data; give the address of the metrics page, or save it as plain text"
        }
        _ => "it is text without a single metric; give the address of the metrics page, or save it with curl",
    }
}
