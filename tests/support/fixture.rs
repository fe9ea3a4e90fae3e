//! The fixtures' pages, and what a dialect reads in them.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::PathBuf;

use margintop::dialect::{self, Hint};
use margintop::reading::PageReading;

pub fn fixture(path: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[track_caller]
pub fn read(path: &str) -> PageReading {
    dialect::read(&fixture(path), &Hint::default()).unwrap_or_else(|trouble| panic!("{path}: {trouble}"))
}
