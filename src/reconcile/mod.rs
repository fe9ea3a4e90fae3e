//! Compares a bill with the ledger: a provider's invoice, or a gateway's spend. Each line gets the difference and its likely
//! causes. Pure: a file's text and a `Past` in, lines out.

mod classes;
mod conventions;
mod decimals;
mod file;
mod gateway;
mod invoice;
mod json_rows;
mod reconciled;
mod usage_file;

pub(crate) use file::UsageTable;
pub(crate) use reconciled::{FileKind, LikelyCause, Reconciled, ReconciledLine};
pub(crate) use usage_file::{UsageDays, UsageFile};
