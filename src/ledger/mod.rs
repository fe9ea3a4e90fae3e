//! Exact postings of tokens and lease time, and the sums that follow from them.
//!
//! Tokens and GPU-milliseconds go in as integers, by minute and account; money is a fold over them at the tariffs they
//! were posted under. It never sees a rate of anything a second, a gauge or a float, and it never asks the time. It
//! lives in memory: what must survive the process is handed on by minute.

mod account;
mod apportion;
mod books;
mod pace;
mod past;
mod sheet;

pub use account::{Account, AccountId, Landlord, LandlordId, RentKind, Tariff, TariffId};
pub use apportion::{apportion, cut_minutes};
pub use books::{Entry, Ledger, Posting, Timing};
pub use pace::{Mark, Pace};
pub use past::{DoubtCell, Grain, Marker, Past, RentCell, TokenCell};
pub use sheet::{Classes, Sheet};
