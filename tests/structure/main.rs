//! The program's files as their text says they are: what each declares, imports and names, and which files import one another.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod circles;
mod code_page;
mod files;
mod floors;
mod laws;
mod names;
mod types;
mod view_names;
