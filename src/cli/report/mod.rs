//! `margintop report`: what the past earned and cost, what it would have, and why it changed.

mod beside;
mod csv;
mod grid;
mod json;
mod order;
mod paper;
mod table;
#[cfg(test)]
mod tests;
mod when;

use std::io::Write;

use super::args::Global;
use super::{Failure, keep, sources};
use crate::ledger::Dispute;
use crate::store::{DisputeState, Reader};
use order::{Format, Order};
use paper::{Ground, Paper};

pub(super) use order::ReportArgs;

pub(super) fn run(global: &Global, args: &ReportArgs) -> Result<(), Failure> {
    let order = Order::new(args)?;
    let settings = sources::settings(global)?;
    let reader = Reader::open(&keep::path(global)?)?;
    let header = reader.header();
    // A ledger that is not kept at present has a present of its own: the last thing that it knows.
    let open = reader.disputes()?.into_iter().filter(|row| row.state == DisputeState::Open);
    let disputes: Vec<Dispute> = open.map(|row| row.dispute).collect();
    let ground = Ground { book: &settings.book, budget: settings.budget, disputes: &disputes, now: header.last };
    let ask = |since, until, finest| Ok(reader.past(since, until, finest)?);
    let paper = Paper::new(&order, &header, ground, &ask)?;
    let text = match order.format {
        Format::Table => table::render(&paper),
        Format::Json => json::render(&paper).map_err(|error| Failure::Run(error.to_string()))?,
        Format::Csv => csv::render(&paper),
    };
    // Whoever reads may have closed the pipe: then there is nobody to tell.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
