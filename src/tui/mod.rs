//! The dashboard: a terminal's cells from snapshots and keys.
//!
//! `app` is the state, `keys` the table of keys, `draw` the pure way from both and a snapshot to a frame; `terminal` and
//! the loop are the only parts that touch the outside. Nothing here waits but for the terminal itself.

pub mod app;
mod draw;
pub mod human;
pub mod keys;
pub mod overview;
pub mod pane;
pub mod scene;
pub mod theme;
pub mod widgets;

pub use draw::draw;
