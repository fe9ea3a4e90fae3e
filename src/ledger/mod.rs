//! Exact postings of tokens and GPU time, and the sums that follow from them.
//!
//! Tokens and GPU-milliseconds are integers, by minute and account. Money is a fold over them at the tariffs that they
//! were posted under. The ledger takes no rates, gauges or floats and reads no clock. It lives in memory: a journal
//! records what must survive the process.

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
