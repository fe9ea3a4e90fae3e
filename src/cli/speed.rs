//! The speed of `demo` and `replay`.

/// Reads simulated or recorded seconds per second.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number: write 10 or 0.5"))?;
    let is_possible = (0.01..=1e6).contains(&speed);
    if is_possible { Ok(speed) } else { Err(format!("{text}: write a number from 0.01 to 1000000")) }
}
