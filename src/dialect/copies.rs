//! Copies of series on a federated page: a pair of Prometheus servers that scrape the same targets leaves each series once a
//! server.

use memchr::memmem;

use crate::exposition::{LabelText, SeriesLabels};

/// The label that tells the servers of a pair apart: the Prometheus operator's `replicaExternalLabelName`
/// (prometheus-operator, `api.md`).
pub(super) const SERVER: &str = "prometheus_replica";

/// Which server's series are read.
#[derive(Debug)]
pub(super) struct Copies<'p> {
    /// Whether the page names servers at all: on most none is, and no label is looked at.
    named: bool,
    kept: Option<LabelText<'p>>,
}

impl<'p> Copies<'p> {
    /// Those of a page.
    pub(super) fn of(page: &[u8]) -> Self {
        Self { named: memmem::find(page, SERVER.as_bytes()).is_some(), kept: None }
    }

    /// Whether the page may have any.
    pub(super) const fn any(&self) -> bool {
        self.named
    }

    /// Whether a series is another server's than that of the first one that names a server.
    pub(super) fn is_copy(&mut self, labels: SeriesLabels<'p>) -> bool {
        if !self.named {
            return false;
        }
        let Some(server) = labels.get(SERVER) else { return false };
        *self.kept.get_or_insert(server) != server
    }
}
