//! Exact postings of tokens and GPU time, and the sums computed from them.
//!
//! Tokens and GPU-milliseconds are integers, by minute and account. Money is computed from them at the tariffs that they
//! were posted at. The ledger accepts no rates, gauges or floats and reads no clock. It is in memory; recorded changes are
//! saved by the store.

mod account;
mod amounts;
mod apportion;
mod books;
mod borne;
mod cell;
mod dispute;
mod disputed;
mod gpu_time;
mod id;
mod marker;
mod moved;
mod pace;
mod past;
mod pending;
mod posted;
mod posting;
mod recent;
mod saved;
mod slo;
mod sums;
mod table;
mod tariffs;
mod uncertainty;
mod uncosted;

pub use account::{CostAccount, CostKind, RevenueAccount, Tariff};
pub use amounts::{AllocatedTime, Classes, GpuTimeChange, TokenChange, Uncertainty};
pub use apportion::{apportion, cut_minutes};
pub use books::Ledger;
pub use borne::{BorneTime, CostScope};
pub use cell::{GpuTimeCell, TokenCell, UncertaintyCell};
pub use dispute::{Decision, Dispute, DisputeId, DisputedEnergy, EnergyEntry, Evidence};
pub(crate) use disputed::ACCEPTED_KEPT;
pub use id::{CostAccountId, RevenueAccountId, TariffId};
pub use marker::{Marker, MarkerKind};
pub use pace::Pace;
pub use past::{Detail, Grain, NodeTime, Past, Wanted};
pub use pending::PendingPostings;
pub use posting::{Entry, Posting, PostingSource, Timing};
pub use saved::SavedLedger;
pub use slo::{LATENCIES, Slo, SloDay, SloMinutes, SloPast};
pub use sums::PostingSums;
