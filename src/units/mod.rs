//! Quantities as types: money, tokens, prices, time, and the measurements of a GPU.
//!
//! This module has exact conversions only: no formatting for people (that is `tui::format`), no clock, no I/O. The
//! money side (`decimal`, `number`, `money`, `price`, `rate`, `power`) uses no floating-point number; `tests/structure/floors.rs`
//! checks it.

mod decimal;
mod load_factor;
mod margin;
mod money;
mod node_count;
mod number;
mod power;
mod price;
mod quantity;
mod rate;
mod spelt_span;
mod time;
mod tokens;
mod zone;

pub use decimal::{DecimalError, parse_scaled};
pub use load_factor::LoadFactor;
pub use margin::{break_even_load, gross_margin, profit_on_cost, quotient};
pub use money::Money;
pub use node_count::NodeCount;
pub use number::Decimal;
pub use power::{EnergyPrice, PowerPrice, Pue};
pub use price::{Price, Share};
pub use quantity::{Bytes, BytesPerSecond, Celsius, Energy, Megahertz, Power, Ratio};
pub use rate::HourlyRate;
pub use spelt_span::parse_span;
pub use time::{GpuTime, Moment, Span, Timestamp};
pub use tokens::{CounterError, Tokens};
pub use zone::{ZONE_FORMS, zone_of, zone_text};
