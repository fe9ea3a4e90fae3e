//! The arguments of `record`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::parse_interval;

/// The arguments of `record`.
#[derive(Debug, Clone, Args)]
pub(super) struct RecordArgs {
    /// The recording; it must not exist
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// What to watch; none is this box
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,

    /// End after so long [default: at a signal]
    #[arg(long = "for", help_heading = "Recording", value_name = "DURATION", value_parser = parse_interval)]
    pub(super) span: Option<Duration>,

    /// End when the file has so many bytes: 500MB, 2GB
    #[arg(long, help_heading = "Recording", value_name = "SIZE", default_value = "1GB", value_parser = bytes)]
    pub(super) limit: u64,

    /// Replace the names of nodes, targets, GPUs, units, models, tenants and processes by hashes, and leave out the texts of
    /// errors
    #[arg(long, help_heading = "Recording")]
    pub(super) redact: bool,
}

/// Reads `500MB`, `2 GiB`, `65536`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is not a size: write 500MB, 2GB or a number of bytes");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, expected) in [("65536", 65_536), ("500MB", 500_000_000), ("2 GiB", 2 << 30), ("1g", 1_000_000_000)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "MB", "1TB", "-1", "1.5GB", "99999999999999999999", "18446744073709551615GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
