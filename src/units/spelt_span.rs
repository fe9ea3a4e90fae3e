//! Durations as people write them.

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// Parses a duration that is not negative, as jiff does: `1h 30m`, `7d`; a bare number is seconds.
pub fn parse_span(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let span: Span = if is_bare { format!("{text}s").parse() } else { text.parse() }.ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text: &str| parse_span(text).map(|span| span.as_secs_f64());
        assert_eq!(seconds("0.5s"), Some(0.5));
        assert_eq!(seconds("250 ms"), Some(0.25));
        assert_eq!((seconds("90"), seconds(" 1h 30m ")), (Some(90.0), Some(5_400.0)));
        for text in ["", "s", "-1s", "1.2.3", "1 year", "é"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
