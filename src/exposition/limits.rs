//! Limits of a page, and the tally of what was read.

/// The limits of a page. What exceeds them is skipped and counted in [`Tally::over_limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the page; the rest is not read.
    pub page: usize,
    /// Bytes of a line.
    pub line: usize,
    /// Labels of a series.
    pub labels: usize,
    /// Bytes of a label's name or value.
    pub label: usize,
    /// Wanted series of a page.
    pub series: usize,
}

impl Default for Limits {
    /// Several times the largest known pages: Ray's with 0.9 MB, a vLLM page of 64 ranks with 2.5 MB, and vLLM's
    /// configuration with each of its fields as a label.
    fn default() -> Self {
        Self { page: 16 << 20, line: 64 << 10, labels: 256, label: 4 << 10, series: 100_000 }
    }
}

/// The tally of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Sample lines that were read, or whose name is not wanted.
    pub samples: u32,
    /// Lines that are not valid exposition.
    pub bad: u32,
    /// Lines, labels, series or bytes that exceed a limit.
    pub over_limit: u32,
    /// Whether the page ends with `# EOF`.
    pub ended: bool,
    /// Whether the page contains something that only `OpenMetrics` has.
    pub openmetrics: bool,
}
