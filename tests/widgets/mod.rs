//! The widgets, cell by cell, beside the design's mock: in 24 bits, in sixteen colours, without colour and in ASCII.
//!
//! A file under `mock/` holds what is drawn: the data, the text, the ink of each cell, the text without colour and in ASCII,
//! and what each ink is. The mocks are the design's own drawings, not this program's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod absurd;
mod charts;
mod mock;
mod rows;
pub mod text;
