//! Prices of tokens and GPU-hours: a book of dated price lists, tiers by time window, and GPU rates.
//!
//! This module finds the prices of a model at an instant, and how long they hold. Amounts are summed in `ledger`. No floats
//! are used here.

mod book;
mod build;
mod calendar;
mod canonical;
mod commitment;
mod error;
mod exchange;
mod file;
mod import;
mod lease;
mod list;
mod model;
mod name;
mod payers;
mod policy;
mod provenance;
mod rates;
mod renamed;
mod window;

pub use book::{Book, Pinned, PriceQuery};
pub use build::parse_instant;
pub use commitment::Commitment;
pub use error::{BookError, check_currency};
pub use exchange::{Conversion, Exchange, Fx};
pub use file::{GpuFile, HistoryFile, ListFile, PriceFile, TierFile, WindowFile};
pub use import::{Import, ImportTally, import_litellm, import_models_dev, import_openrouter, import_prices};
pub use lease::{Lease, Leased, RentWhen, Rounding};
pub use list::{ClassPrices, PriceList, Quote};
pub use model::{ModelPrice, PriceAnswer};
pub use payers::Payers;
pub use policy::{Bill, Overhead};
pub use provenance::Provenance;
pub use rates::{GpuRate, RateCard, words_match};
pub use renamed::{FormerNames, follow_renames};
pub use window::{TierWindow, WindowError};
