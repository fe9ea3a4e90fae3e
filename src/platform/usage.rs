//! What this process costs: CPU time and memory, where the system shows them in `/proc`.

use std::fs;

/// Clock ticks a second in `/proc`: `USER_HZ`, which is 100 on every architecture that NVIDIA's driver runs on.
const TICKS: f64 = 100.0;

/// What this process has used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessUsage {
    /// CPU time, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory, in bytes.
    pub resident_bytes: f64,
    /// When it started, in Unix seconds, if the system says when it was booted.
    pub start_seconds: Option<f64>,
}

/// What this process has used; `None` where the system has no `/proc`.
pub fn own_usage() -> Option<ProcessUsage> {
    let read = |path: &str| fs::read_to_string(path).ok();
    usage(&read("/proc/self/stat")?, &read("/proc/self/status")?, read("/proc/stat").as_deref())
}

/// The usage by the texts of proc(5): `/proc/self/stat`, `/proc/self/status` and `/proc/stat`.
fn usage(own: &str, status: &str, system: Option<&str>) -> Option<ProcessUsage> {
    // The program's name, in parentheses, may contain blanks.
    let (_, after_name) = own.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    let (user, system_time, start) = (ticks(11)?, ticks(12)?, ticks(19)?);
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = resident.split_whitespace().next()?.parse().ok()?;
    let booted = system.and_then(|text| text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()));
    Some(ProcessUsage {
        cpu_seconds: (user + system_time) / TICKS,
        resident_bytes: kib * 1024.0,
        start_seconds: booted.map(|booted: f64| booted + start / TICKS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_in_its_units() {
        let own = "7 (a (b) c) S 1 7 7 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 4 0 12300 0 0";
        let status = "Name:\tx\nVmRSS:\t    2048 kB\n";
        let expected =
            ProcessUsage { cpu_seconds: 2.0, resident_bytes: 2_097_152.0, start_seconds: Some(1_700_000_123.0) };
        assert_eq!(usage(own, status, Some("cpu 1\nbtime 1700000000\n")), Some(expected));
        assert_eq!(usage(own, status, None), Some(ProcessUsage { start_seconds: None, ..expected }));
        assert_eq!(usage("7 (x", status, None), None);
        assert_eq!(own_usage().is_some(), cfg!(target_os = "linux"));
    }
}
