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
