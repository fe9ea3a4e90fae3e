//! Effects outside of the app: the clipboard and files. The screen waits for none of them but its terminal.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::Action;
use super::loop_events::LoopEvent;
use super::picture::Picture;
use super::terminal::{Multiplexer, Tty, copying};
use super::theme::Theme;
use crate::clock::Clock;
use crate::units::{Span, Timestamp};

/// Sets the interval between polls.
#[derive(Clone)]
pub struct SetInterval(Arc<dyn Fn(Span) + Send + Sync>);

impl SetInterval {
    /// A setter with a function that must not block.
    pub fn new(set: impl Fn(Span) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Sets the interval.
    pub fn set(&self, interval: Span) {
        (self.0)(interval);
    }
}

impl std::fmt::Debug for SetInterval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetInterval")
    }
}

/// Runs effects.
pub(super) struct Errands {
    wake: SyncSender<LoopEvent>,
    within: Multiplexer,
    pub(super) set_interval: Option<SetInterval>,
}

impl Errands {
    /// Results are sent to `loop_events`.
    pub(super) fn new(wake: SyncSender<LoopEvent>, set_interval: Option<SetInterval>) -> Self {
        Self { wake, within: Multiplexer::detect(|name| std::env::var(name).ok()), set_interval }
    }

    /// Copies an area of a frame to the terminal's clipboard. Returns the message.
    pub(super) fn copy(&self, frame: &Buffer, area: Option<Rect>, tty: &Tty) -> io::Result<Action> {
        let text = super::copy::text(frame, area.unwrap_or(frame.area));
        let what = match area {
            None => "copied the frame",
            Some(area) if area.height > 1 => "copied the block",
            Some(_) => "copied the row",
        };
        self.copy_text(&text, what, tty)
    }

    /// Copies a text to the terminal's clipboard. Returns the message.
    pub(super) fn copy_text(&self, text: &str, what: &str, tty: &Tty) -> io::Result<Action> {
        let Some(bytes) = copying(text, self.within) else {
            return Ok(failure("not copied: more than a terminal's clipboard takes"));
        };
        tty.write(&bytes)?;
        Ok(Action::Said { text: what.to_owned(), is_failure: false })
    }

    /// Writes a table to a file in the current folder. The result is reported later.
    pub(super) fn export(&self, table: String, zone: &TimeZone) -> Option<Action> {
        let (wake, zone, now) = (self.wake.clone(), zone.clone(), now());
        let write = move || {
            let said = match super::picture::write_table(Path::new("."), &table, now, &zone) {
                Ok(name) => Action::Said { text: format!("wrote {name}"), is_failure: false },
                Err(why) => failure(why),
            };
            wake.send(LoopEvent::Done(said)).ok();
        };
        let started = thread::Builder::new().name("export".to_owned()).spawn(write);
        started.err().map(|error| failure(format!("no file: {error}")))
    }

    /// Writes a picture of a frame to a file in the current folder. The result is reported later.
    pub(super) fn picture(&self, frame: Buffer, theme: &Theme, zone: &TimeZone) -> Option<Action> {
        let picture = Picture { frame, paper: theme.paper() };
        let (wake, zone, now) = (self.wake.clone(), zone.clone(), now());
        let write = move || {
            let said = match picture.write(Path::new("."), now, &zone) {
                Ok(name) => Action::Said { text: format!("wrote {name}.svg and .txt"), is_failure: false },
                Err(why) => failure(why),
            };
            wake.send(LoopEvent::Done(said)).ok();
        };
        let started = thread::Builder::new().name("picture".to_owned()).spawn(write);
        started.err().map(|error| failure(format!("no picture: {error}")))
    }
}

fn failure(text: impl Into<String>) -> Action {
    Action::Said { text: text.into(), is_failure: true }
}

fn now() -> Timestamp {
    Clock::System.now().wall
}
