//! The dashboard: a terminal's cells from snapshots and keys.
//!
//! `app` is the state, `keys` the table of keys, `draw` the pure way from both and a snapshot to a frame; `terminal`,
//! `wake` and the loop are the only parts that touch the outside. Nothing here waits but for the terminal itself.

pub mod app;
mod conversation;
mod copy;
mod dashboard;
mod draw;
mod errands;
pub mod figures;
pub mod figures_of;
mod governor;
pub mod headline;
pub mod human;
pub mod inquiry;
mod instead;
pub mod keys;
mod layout;
pub mod pane;
mod picture;
pub mod prompt;
mod recorded;
mod run;
pub mod scene;
mod screen;
mod series;
mod settings;
mod still;
pub mod svg;
pub mod terminal;
pub mod theme;
pub mod view;
mod wake;
pub mod widgets;

pub use dashboard::Exit;
pub use draw::draw;
pub use errands::SetInterval;
pub use inquiry::{AskPast, past_of};
pub use instead::{Instead, Start};
pub use run::{Options, run};
pub use still::picture_of;
