//! Reads a ledger that another process may be writing.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::calendar::Calendar;
use super::past::SpanQuery;
use super::second_connection::SecondConnection;
use super::{
    DisputeRow, LeaseMinutes, LeaseTime, LeasedRow, StoreError, disputes, export, file, leased, meta, past, restore,
    verify,
};
use crate::counters::Plausibility;
use crate::fleet::Marks;
use crate::ledger::{Detail, GpuTimeCell, Grain, Past, TokenCell, Wanted};
use crate::metering::SavedTarget;
use crate::pricing::FormerNames;
use crate::units::{Timestamp, zone_of};

/// The header of a ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The currency.
    pub currency: String,
    /// The time zone in which its days begin.
    pub zone: TimeZone,
    /// When its first poll was; `None` before that.
    pub began: Option<Timestamp>,
    /// When it was last written.
    pub last: Timestamp,
    /// Marks that qualify the totals.
    pub marks: Marks,
}

/// Passes each bucket of a past with its cells, in order.
pub type ReadBuckets<'a> =
    dyn FnMut(&mut dyn FnMut(Timestamp, &[TokenCell], &[GpuTimeCell])) -> Result<(), StoreError> + 'a;

/// A ledger, open for reading.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    header: Header,
}

impl Reader {
    /// Opens a ledger for reading.
    ///
    /// # Errors
    /// It is missing, not a ledger, damaged, or of a newer margintop.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = file::open_to_read(path)?;
        let header = header(&connection).map_err(|error| StoreError::of(path, &error))?;
        Ok(Self { path: path.to_owned(), connection, header })
    }

    /// The header.
    pub fn header(&self) -> Header {
        self.header.clone()
    }

    /// The data of `[since, until)` in days, quarter hours and minutes, never finer than requested or stored.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Accounts.into())
    }

    /// As [`Reader::past`], with the bearers of the cost of busy GPUs, computed in the finest stored buckets whatever the
    /// grain of the cells. Needed for statements by anything but time or lease.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn borne_past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Borne.into())
    }

    /// As [`Reader::past`], with cells of a bucket merged if they have one model, tenant, tariff and `costed` flag, or one
    /// rate, energy price and kind. Their total value is unchanged, but their node, unit and role are lost.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn merged_past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Alike.into())
    }

    /// The data of `[since, until)` with the given detail.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn wanted_past(
        &self,
        since: Timestamp,
        until: Timestamp,
        finest: Grain,
        wanted: Wanted,
    ) -> Result<Past, StoreError> {
        let beside =
            Some(()).filter(|()| wanted.detail != Detail::Accounts).and_then(|()| SecondConnection::open(&self.path));
        self.ask(SpanQuery { since, until, finest, wanted }, beside)
    }

    /// The data of `[since, until)` in quarter hours, one bucket at a time: `fold` gets the past with tokens by day only,
    /// and the function that passes each bucket with its cells, in order.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn fold_quarters<R>(
        &self,
        since: Timestamp,
        until: Timestamp,
        fold: impl FnOnce(&Past, &mut ReadBuckets<'_>) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let query = SpanQuery { since, until, finest: Grain::Quarter, wanted: Detail::Accounts.into() };
        let mut calendar = Calendar::new(self.header.zone.clone());
        let failed = |error: rusqlite::Error| StoreError::of(&self.path, &error);
        let folded =
            past::read(&self.connection, SecondConnection::open(&self.path), &mut calendar, query, |past, read| {
                fold(past, &mut |each| read(each).map_err(failed))
            });
        folded.map_err(failed)?
    }

    fn ask(&self, query: SpanQuery, beside: Option<SecondConnection>) -> Result<Past, StoreError> {
        let mut calendar = Calendar::new(self.header.zone.clone());
        past::past(&self.connection, beside, &mut calendar, query).map_err(|error| StoreError::of(&self.path, &error))
    }
}

impl Reader {
    /// Verifies the ledger. Returns the faults as text; empty if it is valid.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.verify_within(Plausibility::default())
    }

    /// As [`Reader::verify`], with the given bounds on what hardware can produce.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn verify_within(&self, bounds: Plausibility) -> Result<Vec<String>, StoreError> {
        verify::faults(&self.connection, &self.path, bounds).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// All allocated GPUs by node, and the nodes of scheduled leases.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn leased(&self) -> Result<Vec<LeasedRow>, StoreError> {
        leased::rows(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The postings to each lease and assumed rate.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn leases(&self) -> Result<Vec<LeaseTime>, StoreError> {
        leased::leases(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The stored minutes of an account of GPU time.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn lease_minutes(&self, number: u32) -> Result<LeaseMinutes, StoreError> {
        leased::minutes_of(&self.connection, number).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Nodes whose leases were ended by hand, with the last end of each.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn ended_leases(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        leased::ended(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The readable saved states of targets.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn targets(&self) -> Result<Vec<SavedTarget>, StoreError> {
        restore::targets(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The known nodes with their former names, by which leases may name them.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn former_names(&self) -> Result<FormerNames, StoreError> {
        restore::former_names(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Every dispute, open or decided, by number.
    ///
    /// # Errors
    /// The file is unreadable.
    pub fn disputes(&self) -> Result<Vec<DisputeRow>, StoreError> {
        disputes::rows(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Exports the ledger as lines of JSON.
    ///
    /// # Errors
    /// The file is unreadable, or writing to `out` failed.
    pub fn export(&self, out: &mut dyn std::io::Write) -> Result<(), StoreError> {
        export::export(&self.connection, out).map_err(|why| StoreError::Io(self.path.clone(), why))
    }
}

/// Reads the header.
pub(super) fn header(connection: &Connection) -> rusqlite::Result<Header> {
    let zone = meta::noted(connection, "zone")?.and_then(|name| zone_of(&name));
    Ok(Header {
        currency: meta::noted(connection, "currency")?.unwrap_or_else(|| "USD".to_owned()),
        zone: zone.unwrap_or(TimeZone::UTC),
        began: meta::instant(connection, "began")?,
        last: meta::last(connection)?.wall,
        marks: Marks::from_words(&meta::noted(connection, "marks")?.unwrap_or_default()),
    })
}
