//! The dashboard: a terminal's cells from snapshots and keys.
//!
//! `app` is the state, `keys` the table of keys, `draw` the pure way from both and a snapshot to a frame; `terminal`,
//! `loop_events` and the loop are the only parts that touch the outside. Nothing here waits but for the terminal itself.

mod against;
pub mod app;
mod copy;
mod dashboard;
mod draw;
mod errands;
pub mod figures;
pub mod figures_of;
pub mod format;
pub mod frame_input;
mod governor;
pub mod headline;
mod instead;
pub mod keys;
mod layout;
pub mod ledger_query;
mod loop_events;
pub mod pane;
mod picture;
pub mod prompt;
mod query_client;
mod real_speed;
mod recorded;
mod recorded_rates;
mod run;
mod screen;
mod series;
mod settings;
mod still;
pub mod svg;
pub mod terminal;
pub mod theme;
#[cfg_attr(windows, path = "threads_windows.rs")]
mod threads;
mod together;
pub mod view;
pub mod widgets;

pub use dashboard::Exit;
pub use draw::draw;
pub use errands::SetInterval;
pub use instead::{Instead, Start};
pub use ledger_query::{LedgerQueries, past_of};
pub use run::{Options, run};
pub use still::picture_of_day;
