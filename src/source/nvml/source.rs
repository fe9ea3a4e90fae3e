//! This machine's driver as a source.

use std::time::Duration;

use tokio::sync::watch;

use super::driver::{Driver, Version};
use super::settings::{NvmlSettings, PollPace};
use crate::clock::Clock;
use crate::reading::{Event, Label, SourceError, SourceErrorKind, TargetId};
use crate::source::contract::{Next, PollFuture, PollTiming, Sink, Source};

/// How long a poll waits for the driver. A later result is still used.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Polls the GPUs of this machine.
#[derive(Debug)]
pub struct Nvml {
    id: TargetId,
    settings: NvmlSettings,
    version: Version,
    running: Option<Running>,
}

/// The running driver and its results.
#[derive(Debug)]
struct Running {
    driver: Driver,
    sink: Sink,
    clock: Clock,
    /// The number of its results.
    answers: watch::Receiver<u64>,
}

impl Nvml {
    /// A driver before its first poll.
    pub fn new(settings: NvmlSettings) -> Self {
        Self { id: TargetId::new("nvml:"), settings, version: Version::default(), running: None }
    }

    /// A handle of the driver's version.
    pub fn version(&self) -> Version {
        self.version.clone()
    }
}

impl Source for Nvml {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        let (count, answers) = watch::channel(0);
        let out = sink.clone();
        let send = move |event| {
            out.send_blocking(event);
            count.send_modify(|answers| *answers += 1);
        };
        let driver = Driver::telling(self.version.clone(), self.settings.clone(), clock.clone(), send);
        self.running = Some(Running { driver, sink, clock: clock.clone(), answers });
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            let Some(Running { driver, sink, clock, answers }) = &mut self.running else { return Next::Scheduled };
            answers.borrow_and_update();
            driver.poll();
            let answered = tokio::time::timeout(PATIENCE, answers.changed()).await.is_ok();
            if !answered && *answers.borrow() == 0 {
                let (node, at) = (self.settings.node.clone(), clock.now());
                sink.send(Event::nvml(node, at, Err(silent()))).await;
            }
            Next::Scheduled
        })
    }

    fn timing(&self) -> PollTiming {
        match self.settings.pace {
            PollPace::Every(_) => PollTiming::Own,
            PollPace::Asked => PollTiming::Scheduled,
        }
    }

    fn set_interval(&mut self, interval: Duration) {
        if let Some(running) = &self.running {
            running.driver.set_interval(interval);
        }
    }
}

/// The error of a driver without any result.
fn silent() -> SourceError {
    SourceError {
        kind: SourceErrorKind::Driver,
        source: Label::new("NVML"),
        cause: Label::new(&format!("the driver has not answered in {:.1} s", PATIENCE.as_secs_f64())),
        remedy: Label::new("nvidia-smi -pm 1 (persistence mode) keeps it awake; see whether nvidia-smi is as slow"),
    }
}
