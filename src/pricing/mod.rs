//! What tokens and GPU-hours are worth, and when: a book of dated price lists, tiers by time window, and GPU rates.
//!
//! It answers "which prices hold for this model at this instant, and until when". It counts nothing and adds nothing
//! up; that is `ledger`. No float is used here.

mod book;
mod file;
mod lease;
mod list;
mod rates;
mod window;

pub use book::{Book, BookError, ModelPrice, Pinned};
pub use file::{GpuFile, HistoryFile, ListFile, PriceFile, TierFile, WindowFile, parse_instant};
pub use lease::{Lease, Leased, RentWhen};
pub use list::{ClassPrices, PriceList, Quote};
pub use rates::{GpuRate, RateCard, words_match};
pub use window::{Window, WindowError};
