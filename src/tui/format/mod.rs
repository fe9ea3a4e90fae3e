//! Numbers for people: fixed widths, units, thousands, and `–` for what is unknown.
//!
//! A figure keeps its width whatever its value, so that nothing dances. Nothing here computes; what is rounded here is
//! never added up again.

mod money;
mod number;
mod text;
mod time;

pub use money::{
    amount, amount_within, axis_figure, bare, digits, digits_within, is_whole, price_per_million, round_figure,
    rounded_amount, rounded_within, signed, signed_amount, signed_whole, symbol, unit_price, whole,
};
pub use number::{
    bytes_per_second, change, compact, grouped, latency, memory, percent, percent1, points, scaled_tight, tight, watts,
};
pub use text::{
    clauses, cut, cut_at_word, cut_with_figures, cuts_figure, fitting, held, pad_left, pad_right, shorten,
    shorten_apart, width, wrapped,
};
pub use time::{age, clock_minute, clock_second, countdown, day_of_month, days, duration, weekday};

/// What stands where a figure is unknown.
pub const UNKNOWN: &str = "–";
