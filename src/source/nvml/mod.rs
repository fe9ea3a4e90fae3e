//! The NVIDIA driver of this machine, asked through its own library on OS threads of its own.
//!
//! A call into a driver may never come back, so no other thread ever waits for one: a [`lane`] asks on a thread, the
//! [`cadence`] watches it, writes it off when its patience ends and goes on without that GPU. The library is never unloaded
//! and never shut down: threads may still be inside it. What a GPU does not support is asked once; what never changes is
//! asked once; what is slow is asked by another thread, less often.

mod cadence;
mod card;
mod kernel;
mod lane;
mod load;
mod look;
mod machine;
mod message;
mod process;
mod pulse;
mod settings;
mod slow;
mod xid;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::reading::{Event, Label};
use cadence::Cadence;
use message::Message;

pub use settings::{NvmlSettings, Pace};

/// The source at work. It ends when this is dropped; a thread inside the driver is left there.
#[derive(Debug)]
pub struct Driver {
    tell: Sender<Message>,
    version: Arc<OnceLock<Label>>,
}

impl Driver {
    /// Starts the source and returns at once. Every look becomes one [`Event::Gpus`] given to `send`, which is called on
    /// the source's own thread; so does the first failure to load the library and every other one that differs from it.
    /// Loading is tried again every 30 s.
    pub fn start(settings: NvmlSettings, clock: Clock, send: impl Fn(Event) + Send + 'static) -> Self {
        let (tell, inbox) = channel();
        let version = Arc::new(OnceLock::new());
        let driver = Self { tell: tell.clone(), version: Arc::clone(&version) };
        let cadence = Cadence::new(settings, clock, send, tell, version);
        // Without a thread there is no look, and a dashboard that shows the engines only.
        let _ = thread::Builder::new().name("nvml".to_owned()).spawn(move || cadence.run(&inbox));
        driver
    }

    /// Asks for a look now. It comes as one event, even if a GPU hangs: then 200 ms after the patience ran out. While the
    /// library cannot be loaded the event says why.
    pub fn look(&self) {
        let _ = self.tell.send(Message::Look);
    }

    /// Looks so often from now on.
    pub fn set_interval(&self, interval: Duration) {
        let _ = self.tell.send(Message::Every(interval));
    }

    /// The driver's version, once it has said it: `580.65.06`.
    pub fn version(&self) -> Option<Label> {
        self.version.get().cloned()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.tell.send(Message::Stop);
    }
}
