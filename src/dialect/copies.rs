//! Copies of series on a federated page: a pair of Prometheus servers that scrape the same targets leaves each series
//! once per server.

use std::collections::HashMap;

use memchr::memmem;

use crate::exposition::{FamilyKind, Limits, Rows, SeriesLabels};

/// The label that tells the servers of a pair apart: the Prometheus operator's `replicaExternalLabelName`
/// (prometheus-operator, `api.md`).
pub(super) const SERVER: &str = "prometheus_replica";

/// Which server's series are read, for each set of labels that several servers may have.
#[derive(Debug, Default)]
pub(super) struct Copies<'p> {
    /// The first server by name, by a hash of the other labels. Empty on a page that names no server.
    first: HashMap<u64, &'p [u8]>,
}

/// Whether a page may have copies.
pub(super) fn names_servers(page: &[u8]) -> bool {
    memmem::find(page, SERVER.as_bytes()).is_some()
}

impl<'p> Copies<'p> {
    /// The copies among the series of a page that are wanted. Most pages name no server, and nothing is compared.
    pub(super) fn of(page: &'p [u8], limits: Limits, mut is_wanted: impl FnMut(&str, FamilyKind) -> bool) -> Self {
        let mut first: HashMap<u64, &[u8]> = HashMap::new();
        if names_servers(page) {
            for row in Rows::new(page, limits, |name, kind| is_wanted(name, kind).then_some(())) {
                let Some(server) = row.labels.get(SERVER) else { continue };
                let known = first.entry(row.labels.fingerprint(SERVER)).or_insert(server.raw());
                *known = (*known).min(server.raw());
            }
        }
        Self { first }
    }

    /// Whether another server that comes before has the same series. Servers of several shards have targets of their own.
    pub(super) fn is_copy(&self, labels: SeriesLabels<'p>) -> bool {
        if self.first.is_empty() {
            return false;
        }
        let Some(server) = labels.get(SERVER) else { return false };
        self.first.get(&labels.fingerprint(SERVER)).is_some_and(|first| *first != server.raw())
    }
}
