//! Durations of the configuration, with their limits.

use std::time::Duration;

use crate::units::parse_span;

/// Parses a duration: `500ms`, `1s`, `2m`, `24h`; a bare number is seconds.
///
/// # Errors
/// What to write instead.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    parse_duration(text, Duration::from_secs(86_400))
}

/// Accepts an interval that is not below the smallest.
///
/// # Errors
/// What to write instead.
pub fn often_enough(interval: Duration) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_millis(100);
    let why = "at least 100ms, so that polls do not load the engines";
    if interval < LEAST { Err(why.to_owned()) } else { Ok(interval) }
}

/// The same, up to `most`.
pub(super) fn parse_duration(text: &str, most: Duration) -> Result<Duration, String> {
    let millis = parse_millis(text)?;
    if millis > most.as_secs_f64() * 1000.0 {
        let days = most.as_secs() / 86_400;
        let most = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        Err(format!("\"{text}\" is over {most}"))
    } else {
        Ok(Duration::from_millis(millis.round() as u64))
    }
}

/// Parses a duration in milliseconds, with a fraction.
pub(super) fn parse_millis(text: &str) -> Result<f64, String> {
    let refuse = || format!("\"{text}\" is not a duration: write it like 500ms, 1s or 2m");
    let span = parse_span(text).ok_or_else(refuse)?;
    Ok(span.as_nanos() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_interval("1h 30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!((parse_interval("0"), parse_interval("0.25")), (Ok(Duration::ZERO), Ok(Duration::from_millis(250))));
        assert_eq!(parse_duration("7d", Duration::from_secs(30 * 86_400)), Ok(Duration::from_secs(7 * 86_400)));
        for text in ["", "s", "1.2.3", "1 year", "99999999999999999999h", "é"] {
            assert!(parse_interval(text).is_err(), "{text}");
        }
        assert!(parse_interval("soon").is_err() && parse_interval("-1s").is_err() && parse_interval("9999h").is_err());
    }
}
