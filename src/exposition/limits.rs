//! How much of a page is read, and what was not.

/// What a page may hold. Whatever goes beyond is skipped and counted in [`Tally::over_limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the page; the rest is not looked at.
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
    /// Several times what the largest known pages hold: Ray's 0.9 MB, a vLLM page of 64 ranks with 2.5 MB, and vLLM's
    /// configuration with each of its fields as a label.
    fn default() -> Self {
        Self { page: 16 << 20, line: 64 << 10, labels: 256, label: 4 << 10, series: 100_000 }
    }
}

/// What reading a page came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Sample lines whose name is not wanted, or that were read.
    pub samples: u32,
    /// Lines that are not exposition.
    pub bad: u32,
    /// Lines, labels, series or bytes beyond a limit.
    pub over_limit: u32,
    /// Whether `# EOF` stands at its end.
    pub ended: bool,
    /// Whether something on the page is `OpenMetrics` and nothing else.
    pub openmetrics: bool,
}
