//! `margintop report`: revenue and cost of the past, what-ifs, and causes of change.

mod capacity;
mod capacity_data;
mod capacity_json;
mod context;
mod csv;
mod data;
mod focus;
mod from;
mod journal;
mod json;
mod json_changes;
mod lease_dates;
mod notes;
mod present;
mod query;
mod scenario;
mod table;
mod table_bridge;
#[cfg(test)]
mod tests;
pub(super) mod text_table;

use super::global::Global;
use super::{Failure, ledger_commands, out, settings};
use crate::config::Settings;
use crate::lease_history;
use crate::ledger::Dispute;
use crate::statement::By;
use crate::store::{DisputeState, Reader};
use crate::units::Timestamp;
use context::ReportContext;
use data::ReportData;
use query::{Format, ReportQuery};

pub(super) use query::ReportArgs;

pub(super) fn run(global: &Global, args: &ReportArgs) -> Result<(), Failure> {
    let settings = settings::settings(global)?;
    let query = ReportQuery::new(args, &settings.scenarios)?;
    if let Some(server) = &args.from {
        let past = from::read(server, &query, &settings)?;
        return print(&past.reader()?, settings, &query, Some(past.now));
    }
    print(&Reader::open(&ledger_commands::path(global)?)?, settings, &query, None)
}

/// Prints the report of a ledger. `now` is the present if it is not the ledger's last instant.
fn print(reader: &Reader, settings: Settings, query: &ReportQuery, now: Option<Timestamp>) -> Result<(), Failure> {
    let header = reader.header();
    let settings = super::currency::of_ledger(settings, &header);
    // The present of a ledger that is not written is its last instant.
    let open = reader.disputes()?.into_iter().filter(|row| row.state == DisputeState::Open);
    let disputes: Vec<Dispute> = open.map(|row| row.dispute).collect();
    let targets = reader.targets()?;
    let context = ReportContext {
        book: &settings.book,
        budget: settings.budget,
        disputes: &disputes,
        targets: &targets,
        bill: settings.bill,
        now: now.unwrap_or(header.last),
        exchange_zone: &settings.zone,
    };
    let ask = |since, until, finest, wanted| Ok(reader.wanted_past(since, until, finest, wanted)?);
    if query.capacity {
        let fold = |since, until| capacity_data::fold(reader, &header, since, until);
        let report = capacity_data::CapacityReport::new(query, &header, &settings.slo, &fold)?;
        return out::print(&report.render(query.format)?);
    }
    let mut data = ReportData::new(query, &header, context, &ask)?;
    if query.by == By::Lease {
        lease_dates::date(&mut data.statement, &lease_history::dates(reader, &settings.leases)?);
    }
    let text = match query.format {
        Format::Table => table::render(&data),
        Format::Json => json::render(&data)?,
        Format::Csv => csv::render(&data),
        Format::Hledger | Format::Beancount => journal::render(&data),
        Format::Focus => focus::render(&data),
    };
    out::print(&text)
}
