//! A metrics page in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::contract::{Next, PollFuture, PollTiming, Sink, Source};
use crate::clock::Clock;
use crate::dialect::{self, Hint};
use crate::reading::{Event, Label, PageReading, ScrapeCost, ScrapeError, TargetId};
use crate::system_error::system_error;
use crate::units::Moment;

/// A metrics page in a file, which is read at each poll.
#[derive(Debug)]
pub struct PageFile {
    id: TargetId,
    path: PathBuf,
    /// The timeout of a poll.
    timeout: Duration,
    /// The largest page, in bytes.
    max_page: u64,
    started: Option<(Sink, Clock)>,
}

impl PageFile {
    /// A source that has not read the file yet. A poll takes at most `timeout`; a page of more than `max_page` bytes is an
    /// error.
    pub fn new(id: TargetId, path: &Path, timeout: Duration, max_page: u64) -> Self {
        Self { id, path: path.to_owned(), timeout, max_page, started: None }
    }
}

impl Source for PageFile {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn start(&mut self, sink: Sink, clock: &Clock) {
        self.started = Some((sink, clock.clone()));
    }

    fn poll(&mut self) -> PollFuture<'_> {
        Box::pin(async move {
            if let Some((sink, clock)) = &self.started {
                let stopwatch = clock.stopwatch();
                let read = tokio::time::timeout(self.timeout, read(&self.path, self.max_page, clock));
                let (at, cost, outcome) = match read.await.unwrap_or(Err(ScrapeError::TimedOut)) {
                    Ok((at, cost, reading)) => (at, cost, Ok(Box::new(reading))),
                    Err(failure) => (clock.now(), ScrapeCost { seconds: stopwatch.seconds(), bytes: 0 }, Err(failure)),
                };
                sink.send(Event::Page { target: self.id.clone(), at, cost, outcome }).await;
            }
            Next::Scheduled
        })
    }

    fn timing(&self) -> PollTiming {
        PollTiming::Once
    }
}

/// Reads the page. Returns the time, the cost and the reading.
async fn read(path: &Path, cap: u64, clock: &Clock) -> Result<(Moment, ScrapeCost, PageReading), ScrapeError> {
    let (file, stopwatch) = (path.to_owned(), clock.stopwatch());
    let read = tokio::task::spawn_blocking(move || read_whole(&file, cap));
    let refuse = |why: &str| ScrapeError::Other(Label::new(why));
    let body = match read.await {
        Ok(Ok(Some(body))) => body,
        Ok(Ok(None)) => return Err(refuse("it was written while it was read: nothing of it is counted")),
        Ok(Err(error)) => return Err(refuse(&remedy(&error))),
        Err(_) => return Err(refuse("reading it was given up")),
    };
    if body.len() as u64 > cap {
        return Err(ScrapeError::TooLarge(cap));
    }
    let cost = ScrapeCost { seconds: stopwatch.seconds(), bytes: body.len() as u64 };
    Ok((clock.now(), cost, dialect::read(&body, &Hint::default())?))
}

/// Why a file cannot be read, and what to do.
fn remedy(error: &std::io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::NotFound => "; check the path, or save a page to it: curl http://HOST:PORT/metrics > FILE.prom",
        ErrorKind::PermissionDenied => "; let this user read it, or name another file",
        ErrorKind::IsADirectory => "; name a file in it",
        _ => "",
    };
    format!("{}{remedy}", system_error(error))
}

/// The bytes of a file, up to one more than `cap`; `None` if the file was written meanwhile.
fn read_whole(path: &Path, cap: u64) -> std::io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    let file = std::fs::File::open(path)?;
    let state = || file.metadata().map(|of| (of.len(), of.modified().ok().filter(|_| of.is_file())));
    let (before, mut body) = (state()?, Vec::new());
    (&file).take(cap + 1).read_to_end(&mut body)?;
    Ok((state()? == before).then_some(body))
}
