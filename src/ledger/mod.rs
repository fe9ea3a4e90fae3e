//! Exact postings of tokens and lease time, and the sums that follow from them.
//!
//! Tokens and GPU-milliseconds go in as integers, by minute and account; money is a fold over them at the tariffs they
//! were posted under. It never sees a rate of anything a second, a gauge or a float, and it never asks the time. It
//! lives in memory: what must survive the process is noted in a journal and handed on.

mod account;
mod apportion;
mod books;
mod dispute;
mod journal;
mod pace;
mod past;
mod posted;
mod posting;
mod recent;
mod rent;
mod sheet;
mod table;
mod tariffs;

pub use account::{Account, AccountId, Landlord, LandlordId, RentKind, Tariff, TariffId};
pub use apportion::{apportion, cut_minutes};
pub use books::{Kept, Ledger};
pub use dispute::{Decision, Dispute, DisputeId, DisputedEnergy, EnergyEntry, Evidence};
pub use journal::{Journal, RentChange, TokenChange};
pub use pace::Pace;
pub use past::{DoubtCell, Grain, Marker, Past, RentCell, TokenCell};
pub use posting::{Entry, Posting, Timing};
pub use sheet::{Classes, Doubts, Rented, Sheet};
