//! The handle of the running source: starts the loop and sends it messages.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::cadence::Cadence;
use super::message::LaneMessage;
use super::settings::NvmlSettings;
use crate::clock::Clock;
use crate::reading::{Event, Label};

/// The driver's version, once it is known. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Version(Arc<OnceLock<Label>>);

impl Version {
    /// The version: `580.65.06`.
    pub fn get(&self) -> Option<Label> {
        self.0.get().cloned()
    }
}

/// The running source. Dropping it ends the loop; a thread inside the driver is not joined.
#[derive(Debug)]
pub struct Driver {
    sender: Sender<LaneMessage>,
    version: Version,
}

impl Driver {
    /// Starts the source and returns at once. Every poll results in one [`Event::Gpus`] passed to `send`, on the source's
    /// own thread; so does each new kind of failure to load the library. Loading is retried every 30 s.
    pub fn start(settings: NvmlSettings, clock: Clock, send: impl Fn(Event) + Send + 'static) -> Self {
        Self::telling(Version::default(), settings, clock, send)
    }

    /// As [`Driver::start`], with a handle for the driver's version.
    pub(super) fn telling(
        version: Version,
        settings: NvmlSettings,
        clock: Clock,
        send: impl Fn(Event) + Send + 'static,
    ) -> Self {
        let (sender, inbox) = channel();
        let driver = Self { sender: sender.clone(), version: version.clone() };
        let cadence = Cadence::new(settings, clock, send, sender, version.0);
        // Without a thread there are no polls, and the dashboard only shows engines.
        let _ = thread::Builder::new().name("nvml".to_owned()).spawn(move || cadence.run(&inbox));
        driver
    }

    /// Requests a poll. It results in one event, even if a GPU hangs: then 200 ms after its timeout. While the library
    /// cannot be loaded, the event has the reason.
    pub fn poll(&self) {
        let _ = self.sender.send(LaneMessage::Poll);
    }

    /// Sets the interval between polls.
    pub fn set_interval(&self, interval: Duration) {
        let _ = self.sender.send(LaneMessage::Every(interval));
    }

    /// The driver's version, once it is known.
    pub fn version(&self) -> Option<Label> {
        self.version.get()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.sender.send(LaneMessage::Stop);
    }
}
