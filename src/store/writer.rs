//! The thread that keeps the ledger: it writes what is handed over, follows a ledger that somebody else keeps and takes
//! over when that one ends, and goes on in memory where there is no file to write.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::calendar::Calendar;
use super::lock::Lock;
use super::messages::{LedgerEvent, LedgerRequest, Settings};
use super::noted::{TellOnce, version};
use super::past::SpanQuery;
use super::{StoreError, commit, day_borne, events, file, meta, names, past, reader, restore, retention};
use crate::fleet::{Checkpoint, SavedState};
use crate::history::HistoryEvent;
use crate::ledger::Past;
use crate::reading::Label;
use crate::snapshot::{LedgerBasis, WriterStatus};
use crate::units::{Span, Timestamp, zone_text};

/// How often a ledger of somebody else's is looked at, and ours for what was noted in it by hand.
const LOOK: Duration = Duration::from_secs(1);
/// How often the page cache is given back.
const SHRINK: Span = Span::from_secs(60);
/// The most events that wait to be written.
const EVENTS_WAITING: usize = 1_000;
/// How often it is looked for days whose shares are not written down, when there were none.
const SHARE: Span = Span::from_secs(600);
/// How often what is too old is forgotten.
const FORGET: Span = Span::from_secs(3600);

/// How the ledger is held.
enum LedgerMode {
    /// Ours, as long as the lock is.
    Ours { connection: Connection, _lock: Lock },
    /// Somebody else's, open to be read once there is something.
    Others { connection: Option<Connection>, pid: Option<u32>, version: i64 },
    /// In memory alone.
    Memory(Connection),
    /// Nowhere: not even memory could be had.
    Nowhere,
}

/// The thread's own state.
pub(super) struct LedgerWriter {
    settings: Settings,
    notify: Box<dyn FnMut(LedgerEvent) + Send>,
    mode: LedgerMode,
    calendar: Calendar,
    pending: Option<Box<Checkpoint>>,
    /// Events that are not written yet.
    events: Vec<HistoryEvent>,
    trouble: Option<StoreError>,
    told: Option<LedgerBasis>,
    forgot: Timestamp,
    /// When it is looked for days again whose shares are not written down.
    shares_at: Timestamp,
    shrunk: Timestamp,
    noted: TellOnce,
    first_run: bool,
}

impl LedgerWriter {
    /// A writer that has no file open yet.
    pub(super) fn new(settings: Settings, notify: Box<dyn FnMut(LedgerEvent) + Send>) -> Self {
        let calendar = Calendar::new(settings.zone.clone());
        Self {
            settings,
            notify,
            mode: LedgerMode::Nowhere,
            calendar,
            pending: None,
            events: Vec::new(),
            trouble: None,
            told: None,
            forgot: Timestamp::default(),
            shares_at: Timestamp::default(),
            shrunk: Timestamp::default(),
            noted: TellOnce::default(),
            first_run: false,
        }
    }

    /// Opens the ledger and answers until it is closed or all its handles are gone.
    pub(super) fn run(mut self, inbox: &Receiver<LedgerRequest>) {
        self.open();
        loop {
            match inbox.recv_timeout(LOOK) {
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
            self.look();
            self.share_days();
        }
    }

    /// Opens the file to write, else to read, else goes on in memory and says why.
    fn open(&mut self) {
        let Some(path) = self.settings.path.clone() else { return self.go_on_in_memory(None) };
        match self.keep(&path) {
            Ok(()) => {}
            Err(StoreError::Kept { pid, .. }) => {
                self.mode = LedgerMode::Others { connection: None, pid, version: 0 };
                self.follow();
                if matches!(self.mode, LedgerMode::Others { connection: None, .. }) {
                    // Its keeper has only just begun it.
                    let zone = self.settings.zone.clone();
                    (self.notify)(LedgerEvent::ReadOnly { kept: Box::default(), began: None, zone });
                }
            }
            Err(error) => self.go_on_in_memory(Some(error)),
        }
        self.say();
    }

    /// Takes the lock and the file.
    fn keep(&mut self, path: &Path) -> Result<(), StoreError> {
        let path = &file::place(path)?;
        let lock = Lock::take(path)?;
        let mut connection = file::open(path)?;
        let of = |error: rusqlite::Error| StoreError::of(path, &error);
        let noticed = version(&connection).map_err(of)?;
        let saved = self.restore(&mut connection, path)?;
        self.noted = TellOnce::with(noticed, &saved);
        self.first_run = saved.began.is_none();
        retention::forget(&connection, saved.last.wall).map_err(of)?;
        self.mode = LedgerMode::Ours { connection, _lock: lock };
        self.trouble = None;
        let zone = self.zone();
        (self.notify)(LedgerEvent::Opened { saved: Box::new(saved), zone, is_file: true });
        Ok(())
    }

    /// What the file remembers, on the present boot's clock; a new file is given its currency and zone.
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

    fn go_on_in_memory(&mut self, trouble: Option<StoreError>) {
        self.trouble = trouble;
        self.mode = file::in_memory().map_or(LedgerMode::Nowhere, LedgerMode::Memory);
        let zone = self.zone();
        (self.notify)(LedgerEvent::Opened { saved: Box::default(), zone, is_file: false });
        self.say();
    }

    /// The beginning of the present day.
    fn day(&mut self) -> Timestamp {
        if self.settings.one_day {
            return Timestamp::default();
        }
        self.calendar.day(self.settings.clock.now().wall).begins
    }

    fn zone(&self) -> TimeZone {
        self.calendar.zone()
    }

    /// Takes a checkpoint in, and writes.
    fn take(&mut self, checkpoint: Box<Checkpoint>) {
        match &mut self.pending {
            Some(pending) => pending.merge(*checkpoint),
            None => self.pending = Some(checkpoint),
        }
        self.write();
    }

    /// Writes what is pending. What cannot be written stays pending, merged by key: nothing is lost by it.
    fn write(&mut self) {
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
                    self.trouble = None;
                }
                self.noted.opened(&checkpoint.postings.disputes);
                self.forget(checkpoint.last.wall);
            }
            (Err(error), path) => {
                let path = path.unwrap_or_default();
                let error = StoreError::of(&path, &error);
                // Whether somebody has it, or its file system has ceased to lock, looks the same from here.
                let held = matches!(error, StoreError::Kept { .. });
                let cannot = Lock::probe(&path).err().filter(|why| held && matches!(why, StoreError::Cannot { .. }));
                self.trouble = Some(cannot.unwrap_or(error));
                self.pending = Some(checkpoint);
            }
        }
        self.say();
    }

    /// Writes events that wait. What cannot be written waits for the next ones; a checkpoint says what is wrong.
    fn write_events(&mut self) {
        let (LedgerMode::Ours { connection, .. } | LedgerMode::Memory(connection)) = &mut self.mode else {
            // Its keeper sees them too.
            return self.events.clear();
        };
        if !self.events.is_empty() && events::write(connection, &self.events).is_ok() {
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
            // What stays a little longer than it needs to does no harm.
            let _ = retention::forget(connection, now);
        }
    }

    /// Writes down what a past day bears, one day at a time while there are any.
    fn share_days(&mut self) {
        let now = self.settings.clock.now().wall;
        let LedgerMode::Ours { connection, .. } = &mut self.mode else { return };
        if now < self.shares_at {
            return;
        }
        // What is not written down is shared by the view.
        if !day_borne::share_next(connection, &mut self.calendar).unwrap_or_default() {
            self.shares_at = now + SHARE;
        }
    }

    /// Gives back the pages that were read since the last time: what the next commits need of them is read again, and the
    /// memory of the process stays as it is while the file grows.
    fn shrink(&mut self, now: Timestamp) {
        if now - self.shrunk < SHRINK {
            return;
        }
        self.shrunk = now;
        if let LedgerMode::Ours { connection, .. } = &self.mode {
            let _ = connection.execute_batch("PRAGMA shrink_memory");
        }
    }

    /// Looks whether somebody else's ledger changed or is free now, and whether ours was noted in by hand.
    fn look(&mut self) {
        match &self.mode {
            LedgerMode::Others { .. } => {
                let path = self.settings.path.clone().unwrap_or_default();
                match self.keep(&path) {
                    Ok(()) => self.say(),
                    Err(StoreError::Kept { pid: now, .. }) => {
                        if let LedgerMode::Others { pid, .. } = &mut self.mode {
                            *pid = now;
                        }
                        self.follow();
                        self.say();
                    }
                    // It passes, and what is made meanwhile is bridged from the ledger's counters then.
                    Err(error) if error.passes() => {
                        self.trouble = Some(error);
                        self.say();
                    }
                    Err(error) => self.go_on_in_memory(Some(error)),
                }
            }
            // What cannot be read now is told of with the next look.
            LedgerMode::Ours { connection, .. } => {
                self.noted.news(connection).unwrap_or_default().into_iter().for_each(&mut self.notify);
            }
            LedgerMode::Memory(_) | LedgerMode::Nowhere => {}
        }
    }

    /// Tells what somebody else's ledger says, if that changed.
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
        let (Ok(kept), Ok(header)) = (restore::kept(open, day), header) else { return };
        let began = header.began;
        let zone = header.zone;
        self.calendar = Calendar::new(zone.clone());
        (self.notify)(LedgerEvent::ReadOnly { kept: Box::new(kept), began, zone });
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

    /// Says how the ledger stands, if that changed.
    fn say(&mut self) {
        let writer = match &self.mode {
            LedgerMode::Ours { .. } => WriterStatus::Ours,
            LedgerMode::Others { pid, .. } => WriterStatus::Other(*pid),
            LedgerMode::Memory(_) | LedgerMode::Nowhere => WriterStatus::Memory,
        };
        let path = self.settings.path.as_ref().map(|path| Label::new(&path.display().to_string()));
        let trouble = self.trouble.as_ref().map(|trouble| Label::new(&trouble.to_string()));
        let basis = LedgerBasis { path, writer, trouble, first_run: self.first_run };
        if self.told.as_ref() != Some(&basis) {
            self.told = Some(basis.clone());
            (self.notify)(LedgerEvent::Status(basis));
        }
    }
}
