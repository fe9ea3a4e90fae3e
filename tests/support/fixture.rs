//! The fixtures' pages, what a dialect reads in them, and the figures of a row.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::PathBuf;

use margintop::dialect::{self, Hint};
use margintop::reading::{EngineReading, InstanceId, ModelName, PageReading};
use margintop::units::{Ratio, Tokens};

pub fn fixture(path: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[track_caller]
pub fn read(path: &str) -> PageReading {
    dialect::read(&fixture(path), &Hint::default()).unwrap_or_else(|failure| panic!("{path}: {failure}"))
}

/// What a dialect reads in a page's text.
#[track_caller]
pub fn page(text: &str) -> PageReading {
    dialect::read(text.as_bytes(), &Hint::default()).unwrap()
}

pub fn instance(row: &EngineReading) -> Option<&str> {
    row.instance.as_ref().map(InstanceId::as_str)
}

pub fn model(row: &EngineReading) -> Option<&str> {
    row.model.as_ref().map(ModelName::as_str)
}

pub fn count(tokens: Option<Tokens>) -> Option<u64> {
    tokens.map(Tokens::count)
}

/// Prompt, output, running, waiting and KV share in percent.
pub type Figures = (Option<u64>, Option<u64>, Option<u64>, Option<u64>, Option<u64>);

pub fn figures(row: &EngineReading) -> Figures {
    let percent = |share: Ratio| (share.get() * 100.0).round() as u64;
    let kv = row.kv_usage.map(percent);
    (count(row.tokens.whole_prompt()), count(row.tokens.output), row.running, row.waiting, kv)
}
