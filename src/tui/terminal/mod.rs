//! The terminal itself: its modes, what is written to it, and how it is given back whatever happens.

mod clipboard;
mod decode;
mod output;
mod panic;
mod style_sorted;
mod tty;

pub(super) use clipboard::{Multiplexer, copying};
pub(super) use decode::{Decoder, Input};
pub use output::Output;
pub(super) use panic::PanicGuard;
pub use style_sorted::StyleSortedBackend;
pub(super) use tty::Tty;
