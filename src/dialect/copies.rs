//! Copies of series on a federated page: a pair of Prometheus servers that scrape the same targets leaves each series
//! once per server.

use memchr::memmem;

use crate::exposition::{LabelText, SeriesLabels};

/// The label that tells the servers of a pair apart: the Prometheus operator's `replicaExternalLabelName`
/// (prometheus-operator, `api.md`).
pub(super) const SERVER: &str = "prometheus_replica";

/// The server whose series are read.
#[derive(Debug)]
pub(super) struct Copies<'p> {
    /// Whether the page names servers. Most pages name none, and no label is compared.
    named: bool,
    kept: Option<LabelText<'p>>,
}

impl<'p> Copies<'p> {
    /// The copies of a page.
    pub(super) fn of(page: &[u8]) -> Self {
        Self { named: memmem::find(page, SERVER.as_bytes()).is_some(), kept: None }
    }

    /// Whether the page may have copies.
    pub(super) const fn any(&self) -> bool {
        self.named
    }

    /// Whether a series is from another server than the first named one.
    pub(super) fn is_copy(&mut self, labels: SeriesLabels<'p>) -> bool {
        if !self.named {
            return false;
        }
        let Some(server) = labels.get(SERVER) else { return false };
        *self.kept.get_or_insert(server) != server
    }
}
