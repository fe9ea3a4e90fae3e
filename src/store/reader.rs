//! Reading a ledger that somebody may be writing.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::beside::SecondConnection;
use super::calendar::Calendar;
use super::past::SpanQuery;
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

/// What a ledger says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Its currency.
    pub currency: String,
    /// The zone in which its days begin.
    pub zone: TimeZone,
    /// Its first look; `None` if there was none yet.
    pub began: Option<Timestamp>,
    /// The last thing that is known.
    pub last: Timestamp,
    /// What that says of the total.
    pub marks: Marks,
}

/// Gives each bucket of a past with its cells, in order.
pub type ReadBuckets<'a> =
    dyn FnMut(&mut dyn FnMut(Timestamp, &[TokenCell], &[GpuTimeCell])) -> Result<(), StoreError> + 'a;

/// A ledger, open to be read.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    header: Header,
}

impl Reader {
    /// Opens a ledger.
    ///
    /// # Errors
    /// It is not there, not a ledger, damaged, or of a newer margintop.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = file::open_to_read(path)?;
        let header = header(&connection).map_err(|error| StoreError::of(path, &error))?;
        Ok(Self { path: path.to_owned(), connection, header })
    }

    /// What the ledger says of itself.
    pub fn header(&self) -> Header {
        self.header.clone()
    }

    /// What is known of `[since, until)`, in days, quarter hours and minutes, never finer than is asked for or than is
    /// kept.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Accounts.into())
    }

    /// The same with who bears the cost of GPUs at work, told as finely as is kept, whatever the resolution of the cells:
    /// what a statement by anything but time or lease is made of.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn borne_past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Borne.into())
    }

    /// The same as [`Reader::past`] with the cells of each bucket merged that have one model, tenant, tariff and knowledge of cost, or one rate,
    /// price of energy and kind: their values add up to the same. Which node, unit or role they are of is lost.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn merged_past(&self, since: Timestamp, until: Timestamp, finest: Grain) -> Result<Past, StoreError> {
        self.wanted_past(since, until, finest, Detail::Alike.into())
    }

    /// What is known of `[since, until)`, told as it is wanted.
    ///
    /// # Errors
    /// The file cannot be read.
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

    /// What is known of `[since, until)` in quarter hours, one bucket after another: `fold` gets the past with its tokens by
    /// day alone, and what gives each bucket with its cells, in order.
    ///
    /// # Errors
    /// The file cannot be read.
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
    /// What is wrong with the ledger, in words; nothing, if it is whole.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.verify_within(Plausibility::default())
    }

    /// The same with bounds of one's own on what hardware can have made.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn verify_within(&self, bounds: Plausibility) -> Result<Vec<String>, StoreError> {
        verify::faults(&self.connection, &self.path, bounds).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Everything that is held, by node and by schedule.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn leased(&self) -> Result<Vec<LeasedRow>, StoreError> {
        leased::rows(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// What was posted to each lease and assumed rate.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn leases(&self) -> Result<Vec<LeaseTime>, StoreError> {
        leased::leases(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The minutes that are kept of an account of GPU time.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lease_minutes(&self, number: u32) -> Result<LeaseMinutes, StoreError> {
        leased::minutes_of(&self.connection, number).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Nodes whose leases were ended by hand, with the last end of each.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn ended_leases(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        leased::ended(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The saved state of each target that can be read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn targets(&self) -> Result<Vec<SavedTarget>, StoreError> {
        restore::targets(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The known nodes with the names that each had before, under which leases may name them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn former_names(&self) -> Result<FormerNames, StoreError> {
        restore::former_names(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Every dispute, open or decided, in the order of their numbers.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn disputes(&self) -> Result<Vec<DisputeRow>, StoreError> {
        disputes::rows(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Writes all of it as lines of JSON.
    ///
    /// # Errors
    /// The file cannot be read, or `out` not be written.
    pub fn export(&self, out: &mut dyn std::io::Write) -> Result<(), StoreError> {
        export::export(&self.connection, out).map_err(|why| StoreError::Io(self.path.clone(), why))
    }
}

/// What a ledger says of itself.
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
