//! What `serve` says of its ledger: who writes it, and why it is not written.

use std::sync::Arc;

use tokio::sync::watch;

use super::tell;
use crate::reading::Label;
use crate::snapshot::{LedgerBasis, Snapshot, WriterStatus};

/// Says on stderr, and in a log that is a file, whenever the state of the ledger changes. That this process writes it is not said
/// at the start.
pub(super) async fn follow(mut snapshots: watch::Receiver<Arc<Snapshot>>, is_file: bool) {
    let mut told = LedgerBasis { writer: WriterStatus::Ours, ..LedgerBasis::default() };
    while snapshots.changed().await.is_ok() {
        let basis = snapshots.borrow_and_update().money.ledger.clone();
        let Some(path) = &basis.path else { continue };
        if (basis.writer, &basis.trouble) == (told.writer, &told.trouble) {
            continue;
        }
        let line = state(&basis, path);
        tell(&line);
        if is_file {
            tracing::warn!(ledger = path.as_str(), "{line}");
        }
        told = basis;
    }
}

fn state(basis: &LedgerBasis, path: &Label) -> String {
    match (&basis.trouble, basis.writer) {
        (Some(trouble), _) => format!("{trouble}; money is kept in memory meanwhile"),
        (None, WriterStatus::Other(Some(pid))) => format!("{path}: kept by pid {pid}; taken over when it ends"),
        (None, WriterStatus::Other(None)) => format!("{path}: kept by another process; taken over when it ends"),
        (None, WriterStatus::Ours | WriterStatus::Memory) => format!("{path}: written again by this process"),
    }
}
