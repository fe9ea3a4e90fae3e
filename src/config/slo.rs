//! Latency objectives: `[slo]`.

use std::time::Duration;

use super::duration::parse_millis;
use super::error::Findings;
use super::file::SloTable;
use crate::ledger::Slo;

/// The longest objective.
const LONGEST: f64 = 3_600_000.0;

/// Reads the objectives and reports their mistakes.
pub(super) fn slo(table: &SloTable, findings: &mut Findings<'_>) -> Slo {
    let mut limit = |key: &str, text: Option<&String>, like: &str| {
        let said = limit(text?, like);
        said.map_err(|why| findings.inner("slo", key, why)).ok()
    };
    let slo = Slo {
        ttft_p99: limit("ttft_p99", table.ttft_p99.as_ref(), "2s"),
        itl_p99: limit("itl_p99", table.itl_p99.as_ref(), "60ms"),
        e2e_p99: limit("e2e_p99", table.e2e_p99.as_ref(), "30s"),
    };
    if let (Some(first), Some(last)) = (slo.ttft_p99, slo.e2e_p99)
        && last < first
    {
        findings.inner(
            "slo",
            "e2e_p99",
            format!("{last:?} to the last token is less than ttft_p99, {first:?} to the first"),
        );
    }
    slo
}

fn limit(text: &str, like: &str) -> Result<Duration, String> {
    let is_bare = |text: &str| text.parse::<f64>().is_ok_and(|number| number > 0.0);
    if is_bare(text.trim()) {
        let text = text.trim();
        return Err(format!("\"{text}\" is without a unit: write \"{text}ms\" or \"{text}s\""));
    }
    let micros =
        parse_millis(text).map_err(|_| format!("\"{text}\" is not a duration: write it like \"{like}\""))? * 1000.0;
    if micros.round() < 1.0 || micros > LONGEST * 1000.0 {
        return Err(format!(
            "\"{text}\" is not an objective for a latency: write one above 0 and at most an hour, like \"{like}\""
        ));
    }
    Ok(Duration::from_micros(micros.round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_durations() {
        assert_eq!(limit("2s", "2s"), Ok(Duration::from_secs(2)));
        assert_eq!(limit("7.5ms", "60ms"), Ok(Duration::from_micros(7500)));
        assert_eq!(limit("60", "60ms").err().as_deref(), Some("\"60\" is without a unit: write \"60ms\" or \"60s\""));
        for bad in ["0", "0s", "-1s", "soon", "2h", "", "nan"] {
            assert!(limit(bad, "2s").is_err_and(|why| why.contains("like \"2s\"")), "{bad}");
        }
    }
}
