//! A file that is compared with the ledger: an invoice, or a gateway's spend.

use jiff::civil::Date;

use super::file::UsageTable;
use super::gateway::{self, Spend};
use super::invoice::{self, Invoice};
use super::reconciled::{FileKind, Reconciled};
use crate::ledger::Past;
use crate::pricing::{Book, Exchange};
use crate::units::Timestamp;

/// A read file.
#[derive(Debug)]
pub(crate) enum UsageFile {
    /// What a provider of GPUs bills.
    Invoice(Invoice),
    /// What a gateway counted as spent.
    Spend(Spend),
}

/// The days that a file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageDays {
    /// The first and the last one, in the ledger's zone.
    Dates(Date, Date),
    /// Their beginning and end: the days of a gateway are those of UTC.
    Instants(Timestamp, Timestamp),
}

impl UsageFile {
    /// Reads a table of either kind.
    ///
    /// # Errors
    /// Which columns are missing, or which line cannot be read and why.
    pub(crate) fn read(table: &UsageTable, currency: &str, exchange: &Exchange) -> Result<Self, String> {
        match Self::kind_of(table)? {
            FileKind::Spend => gateway::read(table, currency, exchange).map(Self::Spend),
            FileKind::Invoice => invoice::read(table, currency).map(Self::Invoice),
        }
    }

    /// The kind of a table by its columns.
    ///
    /// # Errors
    /// The columns that are there and those that are wanted.
    pub(crate) fn kind_of(table: &UsageTable) -> Result<FileKind, String> {
        let has = |names: &[&str]| table.column(names).is_some();
        if has(&gateway::SPEND) && has(&gateway::MODEL) {
            return Ok(FileKind::Spend);
        }
        if has(&invoice::AMOUNT) && has(&invoice::NAME) {
            return Ok(FileKind::Invoice);
        }
        Err(format!(
            "the first line names the columns {}: an invoice has node or lease, hours and amount; LiteLLM's daily spend has \
             date, model, prompt_tokens, completion_tokens and spend",
            table.columns()
        ))
    }

    /// The days that it is of, if it names any.
    pub(crate) fn days(&self) -> Option<UsageDays> {
        match self {
            Self::Invoice(invoice) => invoice.days.map(|(first, last)| UsageDays::Dates(first, last)),
            Self::Spend(spend) => spend.days.map(|(begin, end)| UsageDays::Instants(begin, end)),
        }
    }

    /// Compares it with the past of its span.
    ///
    /// # Errors
    /// Why the two cannot be compared.
    pub(crate) fn compare(&self, past: &Past, currency: &str, book: &Book) -> Result<Reconciled, String> {
        let (kind, (lines, missing)) = match self {
            Self::Invoice(invoice) => (FileKind::Invoice, invoice::compare(invoice, past)?),
            Self::Spend(spend) => (FileKind::Spend, gateway::compare(spend, past, book)?),
        };
        let (currency, notes) = (currency.to_owned(), Vec::new());
        Ok(Reconciled { kind, currency, since: past.since, until: past.until, notes, lines, missing })
    }
}
