//! The messages of `serve` about its ledger: which process writes it, and why it is not written.

use std::sync::Arc;

use tokio::sync::watch;

use super::log::LogPlace;
use super::to_stderr;
use crate::reading::Label;
use crate::snapshot::{LedgerBasis, Snapshot, WriterStatus};

/// Reports each change of the ledger's state on stderr, and in the log if that is a file or JSON. At the start, only that
/// another process writes it or that it is not written is reported.
pub(super) async fn follow(mut snapshots: watch::Receiver<Arc<Snapshot>>, log: LogPlace) {
    let mut last = LedgerBasis { writer: WriterStatus::Ours, ..LedgerBasis::default() };
    while snapshots.changed().await.is_ok() {
        let basis = snapshots.borrow_and_update().money.ledger.clone();
        let Some(path) = &basis.path else { continue };
        if (basis.writer, &basis.write_error) == (last.writer, &last.write_error) {
            continue;
        }
        let line = state(&basis, path);
        if log != LogPlace::Json {
            to_stderr(&line);
        }
        if log != LogPlace::Text {
            if basis.write_error.is_none() && !matches!(basis.writer, WriterStatus::Other(_)) {
                tracing::info!(ledger = path.as_str(), "{line}");
            } else {
                tracing::warn!(ledger = path.as_str(), "{line}");
            }
        }
        last = basis;
    }
}

fn state(basis: &LedgerBasis, path: &Label) -> String {
    match (&basis.write_error, basis.writer) {
        (Some(error), _) => format!("{error}; money is kept in memory meanwhile"),
        (None, WriterStatus::Other(Some(pid))) => format!("{path}: kept by pid {pid}; taken over when it ends"),
        (None, WriterStatus::Other(None)) => format!("{path}: kept by another process; taken over when it ends"),
        (None, WriterStatus::Ours | WriterStatus::Memory) => format!("{path}: written again by this process"),
    }
}
