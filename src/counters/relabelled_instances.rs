//! Whether an instance's page continues the processes known under its labels, or those under other labels.

use super::identity::Processes;
use super::process::Process;
use crate::reading::EngineReading;
use crate::units::{Moment, Timestamp};

impl Processes {
    /// Whether a page is of none of these processes: none has its start time, or a counter of the one that has it fell.
    pub fn is_astray(&self, start: Timestamp, rows: &[&EngineReading]) -> bool {
        let mut own = self.all.iter().filter(|process| process.has_start(start)).peekable();
        own.peek().is_none() || own.all(|process| process.falls(rows))
    }

    /// The distance of a page above the last values of the current process, if the page has the process's start time and
    /// rows and its pace allows the growth.
    pub fn growth_to(&self, start: Timestamp, rows: &[&EngineReading], at: Moment) -> Option<u64> {
        let process = self.current().filter(|process| process.has_start(start))?;
        let goes_on = rows.iter().all(|reading| process.find(&super::RowKey::of(reading)).is_some())
            && !process.falls(rows)
            && process.paces_to(rows, at.since(process.last_seen));
        goes_on.then(|| process.line().growth_to(&process.line_of(rows)))
    }

    /// The distance of a page below the last values of the current process, if the page has the process's start time and rows,
    /// and lacks less than half of its tokens: the page may have been read while a file was written anew.
    pub fn dip_to(&self, start: Timestamp, rows: &[&EngineReading]) -> Option<u64> {
        let process = self.current().filter(|process| process.has_start(start))?;
        if rows.iter().any(|reading| process.find(&super::RowKey::of(reading)).is_none()) {
            return None;
        }
        let line = process.line();
        let fallen = process.line_of(rows).growth_to(&line);
        (fallen > 0 && fallen <= line.total() / 2).then_some(fallen)
    }

    /// The distance of a page from the last values of the process with its start time, up or down.
    pub fn distance_from(&self, start: Timestamp, rows: &[&EngineReading]) -> Option<u64> {
        let process = self.all.iter().find(|process| process.has_start(start))?;
        let (line, now) = (process.line(), process.line_of(rows));
        Some(line.growth_to(&now).saturating_add(now.growth_to(&line)))
    }

    /// Whether none of these processes has a start time.
    pub fn lacks_starts(&self) -> bool {
        self.all.iter().all(|process: &Process| process.starts.is_empty())
    }

    /// Whether any of these processes has this start time.
    pub fn has_start(&self, start: Timestamp) -> bool {
        self.all.iter().any(|process: &Process| process.has_start(start))
    }
}
