//! The terminal itself: its modes, what is written to it, and how it is given back whatever happens.

mod clipboard;
mod decode;
mod output;
mod panic;
mod style_sorted;
#[cfg_attr(windows, path = "tty_windows.rs")]
mod tty;

pub(super) use clipboard::{Multiplexer, copying};
#[cfg(not(windows))]
pub(super) use decode::Decoder;
pub(super) use decode::Input;
pub use output::Output;
pub(super) use panic::PanicGuard;
pub use style_sorted::StyleSortedBackend;
pub(super) use tty::Tty;

use ratatui::layout::Size;

/// The size to draw for: a terminal that reports none, such as a serial line, is taken for one of 80 columns and 24 rows.
fn drawn_size(columns: u16, rows: u16) -> Size {
    let or = |reported: u16, usual: u16| if reported == 0 { usual } else { reported };
    Size::new(or(columns, 80), or(rows, 24))
}
