//! Durations as people write them.

use std::time::Duration;

/// A duration: `500ms`, `1s`, `2m`, `24h`; a bare number is seconds.
///
/// # Errors
/// What to write instead.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    parse_duration(text, Duration::from_secs(86_400))
}

/// An interval, if it is not below the least.
///
/// # Errors
/// What to write instead.
pub fn often_enough(interval: Duration) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_millis(100);
    let why = "at least 100ms, so that watching costs the watched almost nothing";
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

/// A duration in milliseconds and parts of one.
pub(super) fn parse_millis(text: &str) -> Result<f64, String> {
    let refuse = || format!("\"{text}\" is not a duration: write it like 500ms, 1s or 2m");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis_per_unit = match unit.trim() {
        "ms" => 1.0,
        "s" | "" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return Err(refuse()),
    };
    let number: f64 = number.parse().map_err(|_| refuse())?;
    Ok(number * millis_per_unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_interval("0"), Ok(Duration::ZERO));
        assert!(parse_interval("soon").is_err() && parse_interval("-1s").is_err() && parse_interval("9999h").is_err());
    }
}
