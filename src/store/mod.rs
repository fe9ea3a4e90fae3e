//! The ledger on disk: one `SQLite` file that stays consistent if the process is killed at any instant.
//!
//! Tokens, GPU time and each counter's last value are written in one transaction, so uncommitted data is not lost: the next
//! poll continues from the committed counter. One process writes, with a lock that the system releases when it dies; others
//! read. Everything runs on its own thread, so no caller waits for a disk. This module neither prices nor decides anything;
//! it stores the checkpoints of `fleet`, and answers queries of the past.

mod borne;
mod calendar;
mod cells;
mod commit;
mod day_borne;
mod disputes;
mod error;
mod events;
mod export;
mod file;
mod handle;
mod leased;
#[cfg_attr(windows, path = "lock_windows.rs")]
mod lock;
mod manual_entries;
mod messages;
mod meta;
mod migrate;
mod names;
mod past;
mod plausible;
mod plausible_gpus;
mod read_cells;
mod reader;
mod remote;
mod reported_entries;
mod restore;
mod retention;
mod second_connection;
mod slo;
mod verify;
mod verify_scan;
mod verify_sums;
mod versions;
mod writer;
mod written_file;

pub use disputes::{DisputeRow, DisputeState};
pub use error::{MissingFeature, StoreError};
pub use export::{ImportError, import};
pub use file::default_path;
pub use handle::Store;
pub use leased::{LeaseMinutes, LeasePart, LeaseTime, LeasedRow};
pub use manual_entries::{decide, end_lease, mark, reset_target};
pub use messages::{AnswerTo, EventsAnswer, LedgerEvent, Settings};
pub use reader::{Header, ReadBuckets, Reader};
pub use remote::RemoteQuestion;
