//! A dashboard on a hub: what the hub sends, and how it is read.
//!
//! A stream begins with its version. Each frame is a snapshot: the first one whole, later ones the difference from the one
//! before. The past is asked for by span, as from the ledger itself. Both ends have the same version, or say that they do not.

mod fields;
mod silence;
mod stream;
mod viewer;

pub use stream::{Frame, FrameReader, FrameWriter, PREAMBLE, decode_past, encode_past};
pub use viewer::{Attachment, HubAbout, about, attach};
