//! The thread of the ledger: it writes checkpoints, follows a ledger that another process writes and takes over when that
//! process ends, and continues in memory if no file can be written.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::calendar::Calendar;
use super::lock::Lock;
use super::messages::{LedgerEvent, LedgerRequest, Settings};
use super::past::SpanQuery;
use super::reader::Header;
use super::reported_entries::{ReportedEntries, version};
use super::written_file::WrittenFile;
use super::{StoreError, commit, day_borne, events, file, meta, names, past, reader, restore, retention};
use crate::fleet::{Checkpoint, Marks, SavedState};
use crate::history::HistoryEvent;
use crate::ledger::Past;
use crate::reading::Label;
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::units::{Span, Timestamp, zone_text};

/// How often a ledger that another process writes is checked, and ours for entries made by hand.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How often the page cache is released.
const SHRINK: Span = Span::from_secs(60);
/// The most events that wait to be written.
const EVENTS_WAITING: usize = 1_000;
/// How long after the last search, if it found none, days with missing shares of cost are searched again.
const SHARE: Span = Span::from_secs(600);
/// How often old data is deleted.
const FORGET: Span = Span::from_secs(3600);

/// The mode of the ledger.
enum LedgerMode {
    /// Written by this process, which has the lock.
    Ours { connection: Connection, file: WrittenFile, _lock: Lock },
    /// Written by another process; opened for reading once the file exists.
    Others { connection: Option<Connection>, pid: Option<u32>, version: i64 },
    /// In memory only.
    Memory(Connection),
    /// Unavailable: even memory failed.
    Nowhere,
}

/// The state of the thread.
pub(super) struct LedgerWriter {
    settings: Settings,
    notify: Box<dyn FnMut(LedgerEvent) + Send>,
    mode: LedgerMode,
    calendar: Calendar,
    pending: Option<Box<Checkpoint>>,
    /// Events that are not written yet.
    events: Vec<HistoryEvent>,
    write_error: Option<StoreError>,
    reported: Option<LedgerBasis>,
    forgot: Timestamp,
    /// When days with missing shares of cost are searched next.
    shares_at: Timestamp,
    shrunk: Timestamp,
    noted: ReportedEntries,
    first_run: bool,
}

impl LedgerWriter {
    /// A writer without an open file.
    pub(super) fn new(settings: Settings, notify: Box<dyn FnMut(LedgerEvent) + Send>) -> Self {
        let calendar = Calendar::new(settings.zone.clone());
        Self {
            settings,
            notify,
            mode: LedgerMode::Nowhere,
            calendar,
            pending: None,
            events: Vec::new(),
            write_error: None,
            reported: None,
            forgot: Timestamp::default(),
            shares_at: Timestamp::default(),
            shrunk: Timestamp::default(),
            noted: ReportedEntries::default(),
            first_run: false,
        }
    }

    /// Opens the ledger and handles requests until it is closed or all its handles are dropped.
    pub(super) fn run(mut self, inbox: &Receiver<LedgerRequest>) {
        self.open();
        loop {
            let asked = inbox.recv_timeout(CHECK_EVERY);
            self.find(matches!(asked, Ok(LedgerRequest::Settle(_) | LedgerRequest::Close(_))));
            match asked {
                Ok(LedgerRequest::Commit(checkpoint)) => self.take(checkpoint),
                Ok(LedgerRequest::Past { query, answer }) => answer(self.past(query)),
                Ok(LedgerRequest::KeepEvents(mut events)) => {
                    self.events.append(&mut events);
                    let over = self.events.len().saturating_sub(EVENTS_WAITING);
                    self.events.drain(..over);
                    self.write_events();
                }
                Ok(LedgerRequest::Events { count, answer }) => answer(self.latest_events(count)),
                Ok(LedgerRequest::Settle(done)) => drop(done),
                Ok(LedgerRequest::Close(done)) => {
                    self.write();
                    self.write_events();
                    self.mode = LedgerMode::Nowhere;
                    drop(done);
                    return;
                }
                Err(RecvTimeoutError::Timeout) => self.write(),
                Err(RecvTimeoutError::Disconnected) => return self.write(),
            }
            self.check_others();
            self.share_days();
        }
    }

    /// Opens the file for writing, else for reading; else continues in memory and reports why.
    fn open(&mut self) {
        let Some(path) = self.settings.path.clone() else { return self.go_on_in_memory(None) };
        match self.keep(&path) {
            Ok(()) => {}
            Err(StoreError::InUse { pid, .. }) => {
                self.mode = LedgerMode::Others { connection: None, pid, version: 0 };
                self.follow();
                if matches!(self.mode, LedgerMode::Others { connection: None, .. }) {
                    // Its writer has only just created it.
                    let zone = self.settings.zone.clone();
                    (self.notify)(LedgerEvent::ReadOnly {
                        kept: Box::default(),
                        began: None,
                        zone,
                        marks: Marks::default(),
                        schedules: Vec::new(),
                    });
                }
            }
            Err(error) => self.go_on_in_memory(Some(error)),
        }
        self.report_status();
    }

    /// Takes the lock and opens the file.
    fn keep(&mut self, path: &Path) -> Result<(), StoreError> {
        let path = &file::place(path)?;
        let lock = Lock::take(path)?;
        let mut connection = file::open(path)?;
        let of = |error: rusqlite::Error| StoreError::of(path, &error);
        let noticed = version(&connection).map_err(of)?;
        let saved = self.restore(&mut connection, path)?;
        self.noted = ReportedEntries::with(noticed, &saved);
        self.first_run = saved.began.is_none();
        retention::forget(&connection, saved.last.wall).map_err(of)?;
        let file = WrittenFile::at(path, self.settings.clock.now());
        self.mode = LedgerMode::Ours { connection, file, _lock: lock };
        self.write_error = None;
        let zone = self.zone();
        (self.notify)(LedgerEvent::Opened { saved: Box::new(saved), zone, is_file: true });
        Ok(())
    }

    /// Reads the saved state, with moments of the current boot's clock; a new file gets its currency and time zone.
    fn restore(&mut self, connection: &mut Connection, path: &Path) -> Result<SavedState, StoreError> {
        let of = |error: rusqlite::Error| StoreError::of(path, &error);
        let asked = self.settings.currency.clone();
        match meta::noted(connection, "currency").map_err(of)? {
            Some(kept) if kept != asked => return Err(StoreError::Currency { path: path.to_owned(), kept, asked }),
            Some(_) => {}
            None => {
                names::note(connection, "currency", &asked).map_err(of)?;
                let zone = zone_text(&self.settings.zone).unwrap_or_else(|| "UTC".to_owned());
                names::note(connection, "zone", &zone).map_err(of)?;
            }
        }
        self.calendar = Calendar::new(reader::header(connection).map_err(of)?.zone);
        let boot = self.settings.clock.boot().unwrap_or_default();
        let same_boot = !boot.is_empty() && meta::noted(connection, "boot").map_err(of)? == Some(boot.clone());
        let saved = restore::saved_state(connection, self.day()).map_err(of)?;
        commit::note_book(connection, self.settings.book.0, &self.settings.book.1, saved.last.wall).map_err(of)?;
        let saved = saved.onto(self.settings.clock.now(), same_boot);
        if !same_boot {
            commit::rebase(connection, &saved, &boot).map_err(of)?;
        }
        Ok(saved)
    }

    fn go_on_in_memory(&mut self, write_error: Option<StoreError>) {
        self.write_error = write_error;
        self.mode = file::in_memory().map_or(LedgerMode::Nowhere, LedgerMode::Memory);
        let zone = self.zone();
        (self.notify)(LedgerEvent::Opened { saved: Box::default(), zone, is_file: false });
        self.report_status();
    }

    /// The start of the current day.
    fn day(&mut self) -> Timestamp {
        if self.settings.one_day {
            return Timestamp::default();
        }
        self.calendar.day(self.settings.clock.now().wall).begins
    }

    fn zone(&self) -> TimeZone {
        self.calendar.zone()
    }

    /// Accepts a checkpoint and writes it.
    fn take(&mut self, checkpoint: Box<Checkpoint>) {
        match &mut self.pending {
            Some(pending) => pending.merge(*checkpoint),
            None => self.pending = Some(checkpoint),
        }
        self.write();
    }

    /// Checks from time to time whether the file that is written is still there. While it is not, nothing is written: what
    /// comes stays pending.
    fn find(&mut self, at_once: bool) {
        let now = self.settings.clock.now();
        let LedgerMode::Ours { file, .. } = &mut self.mode else { return };
        if !at_once && !file.is_due(now) {
            return;
        }
        let was_missing = matches!(self.write_error, Some(StoreError::Gone(_)));
        match file.missing(now) {
            Some(path) => self.write_error = Some(StoreError::Gone(path.to_owned())),
            None if was_missing => self.write_error = None,
            None => return,
        }
        self.report_status();
    }

    /// Whether the file that is written was removed or moved.
    const fn is_gone(&self) -> bool {
        matches!(self.write_error, Some(StoreError::Gone(_)))
    }

    /// Writes the pending checkpoint. If that fails it stays pending, merged by key, so that nothing is lost.
    fn write(&mut self) {
        if self.is_gone() {
            return;
        }
        let Some(checkpoint) = self.pending.take() else { return };
        let written = match &mut self.mode {
            LedgerMode::Ours { connection, .. } | LedgerMode::Memory(connection) => {
                commit::commit(connection, &mut self.calendar, &checkpoint)
            }
            LedgerMode::Others { .. } | LedgerMode::Nowhere => return,
        };
        match (written, self.settings.path.clone()) {
            (Ok(()), _) => {
                if matches!(self.mode, LedgerMode::Ours { .. }) {
                    self.write_error = None;
                }
                self.noted.opened(&checkpoint.postings.disputes);
                self.forget(checkpoint.last.wall);
            }
            (Err(error), path) => {
                let path = path.unwrap_or_default();
                let error = StoreError::of(&path, &error);
                // Here a lock of another process and a file system that no longer locks look the same.
                let in_use = matches!(error, StoreError::InUse { .. });
                let cannot =
                    Lock::probe(&path).err().filter(|why| in_use && matches!(why, StoreError::MissingFeature { .. }));
                self.write_error = Some(cannot.unwrap_or(error));
                self.pending = Some(checkpoint);
            }
        }
        self.report_status();
    }

    /// Writes waiting events. If that fails they wait for the next ones; the error is reported by a checkpoint.
    fn write_events(&mut self) {
        let is_gone = self.is_gone();
        let (LedgerMode::Ours { connection, .. } | LedgerMode::Memory(connection)) = &mut self.mode else {
            // The process that writes the ledger records them too.
            return self.events.clear();
        };
        if !self.events.is_empty() && !is_gone && events::write(connection, &self.events).is_ok() {
            self.events.clear();
        }
    }

    fn latest_events(&self, count: usize) -> Vec<HistoryEvent> {
        let connection = match &self.mode {
            LedgerMode::Ours { connection, .. }
            | LedgerMode::Memory(connection)
            | LedgerMode::Others { connection: Some(connection), .. } => connection,
            LedgerMode::Others { .. } | LedgerMode::Nowhere => return Vec::new(),
        };
        events::latest(connection, count).unwrap_or_default()
    }

    fn forget(&mut self, now: Timestamp) {
        self.shrink(now);
        if now - self.forgot < FORGET {
            return;
        }
        self.forgot = now;
        if let LedgerMode::Ours { connection, .. } | LedgerMode::Memory(connection) = &self.mode {
            // Keeping data a little longer than necessary does no harm.
            let _ = retention::forget(connection, now);
        }
    }

    /// Computes the shares of cost of past days, one day at a time while any are missing.
    fn share_days(&mut self) {
        let now = self.settings.clock.now().wall;
        let LedgerMode::Ours { connection, .. } = &mut self.mode else { return };
        if now < self.shares_at || matches!(self.write_error, Some(StoreError::Gone(_))) {
            return;
        }
        // The view computes missing shares itself.
        if !day_borne::share_next(connection, &mut self.calendar).unwrap_or_default() {
            self.shares_at = now + SHARE;
        }
    }

    /// Releases the pages read since the last time, so that the memory of the process does not grow with the file. Pages
    /// that the next commits need are read again.
    fn shrink(&mut self, now: Timestamp) {
        if now - self.shrunk < SHRINK {
            return;
        }
        self.shrunk = now;
        if let LedgerMode::Ours { connection, .. } = &self.mode {
            let _ = connection.execute_batch("PRAGMA shrink_memory");
        }
    }

    /// Checks whether another process's ledger changed or is free, and whether ours has entries made by hand.
    fn check_others(&mut self) {
        match &self.mode {
            LedgerMode::Others { .. } => {
                let path = self.settings.path.clone().unwrap_or_default();
                match self.keep(&path) {
                    Ok(()) => self.report_status(),
                    Err(StoreError::InUse { pid: now, .. }) => {
                        if let LedgerMode::Others { pid, .. } = &mut self.mode {
                            *pid = now;
                        }
                        self.follow();
                        self.report_status();
                    }
                    // The error may be temporary; data of the meantime is then bridged from the ledger's counters.
                    Err(error) if error.passes() => {
                        self.write_error = Some(error);
                        self.report_status();
                    }
                    Err(error) => self.go_on_in_memory(Some(error)),
                }
            }
            // Entries that are unreadable now are reported by the next check.
            LedgerMode::Ours { connection, .. } => {
                self.noted.news(connection).unwrap_or_default().into_iter().for_each(&mut self.notify);
            }
            LedgerMode::Memory(_) | LedgerMode::Nowhere => {}
        }
    }

    /// Reports the content of another process's ledger, if it changed.
    fn follow(&mut self) {
        let path = self.settings.path.clone().unwrap_or_default();
        let day = self.day();
        let LedgerMode::Others { connection, version: known, .. } = &mut self.mode else { return };
        if connection.is_none() {
            *connection = file::open_to_read(&path).ok();
        }
        let Some(open) = connection else { return };
        let Ok(now) = version(open) else {
            *connection = None;
            return;
        };
        if now == *known {
            return;
        }
        *known = now;
        let header = reader::header(open);
        let (Ok(kept), Ok(header), Ok(schedules)) = (restore::kept(open, day), header, restore::schedules(open)) else {
            return;
        };
        let Header { began, zone, marks, .. } = header;
        self.calendar = Calendar::new(zone.clone());
        (self.notify)(LedgerEvent::ReadOnly { kept: Box::new(kept), began, zone, marks, schedules });
    }

    fn past(&mut self, query: SpanQuery) -> Result<Past, StoreError> {
        let path = self.settings.path.clone().unwrap_or_default();
        let connection = match &self.mode {
            LedgerMode::Ours { connection, .. }
            | LedgerMode::Memory(connection)
            | LedgerMode::Others { connection: Some(connection), .. } => connection,
            LedgerMode::Others { .. } | LedgerMode::Nowhere => return Err(StoreError::Missing(path)),
        };
        past::past(connection, None, &mut self.calendar, query).map_err(|error| StoreError::of(&path, &error))
    }

    /// Reports the status of the ledger, if it changed.
    fn report_status(&mut self) {
        let writer = match &self.mode {
            LedgerMode::Ours { .. } => WriterStatus::Ours,
            LedgerMode::Others { pid, .. } => WriterStatus::Other(*pid),
            LedgerMode::Memory(_) | LedgerMode::Nowhere => WriterStatus::Memory,
        };
        let path = self.settings.path.as_ref().map(|path| Label::new(&path.display().to_string()));
        let write_error = self.write_error.as_ref().map(|error| Label::new(&error.to_string()));
        let basis = LedgerBasis { path, writer, write_error, first_run: self.first_run };
        if self.reported.as_ref() != Some(&basis) {
            self.reported = Some(basis.clone());
            (self.notify)(LedgerEvent::Status(basis));
        }
    }
}
