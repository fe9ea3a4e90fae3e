//! The numbers that flags take: the speed of `demo` and `replay`, and counts.

/// Reads simulated or recorded seconds per second.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("\"{text}\" is not a number: write 10 or 0.5"))?;
    let is_possible = (0.01..=1e6).contains(&speed);
    if is_possible { Ok(speed) } else { Err(format!("{text}: write a number from 0.01 to 1000000")) }
}

/// Reads a count from 1 to `MOST`.
pub(super) fn whole_number<const MOST: u32>(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST).contains(count));
    count.ok_or_else(|| format!("\"{text}\": write a whole number from 1 to {MOST}"))
}
