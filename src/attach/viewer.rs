//! The viewer's end: follows a hub's stream, asks it for the past, and goes on over its restarts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::silence::{self, STALE};
use super::stream::{FrameReader, decode_past};
use crate::clock::Clock;
use crate::columns::FrameError;
use crate::history::{History, HistoryEvent};
use crate::ledger::{Grain, Past};
use crate::reading::{Label, ScrapeError};
use crate::session::HubMoney;
use crate::snapshot::Snapshot;
use crate::source::scrape::HubClient;
use crate::store::{RemoteQuestion, Store, StoreError};
use crate::units::{Moment, Span, Timestamp};

/// The longest wait for the first answer of a hub.
const FIRST: Duration = Duration::from_secs(10);
/// The longest wait for a past.
const PAST: Duration = Duration::from_secs(60);
/// The time between two looks at how long the hub has been silent.
const LOOK: Duration = Duration::from_millis(500);
/// The first and the longest wait before the next connection.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// The silence after which a connection is given up: a hub sends a frame a second.
const BROKEN: Span = Span::from_secs(15);
/// Snapshots that come so much later than they were made are reported as late.
const LATE: Span = Span::from_secs(3);

/// What a hub says of itself.
#[derive(Debug, Clone, Deserialize)]
pub struct HubAbout {
    /// Its version.
    pub version: String,
    /// The zone of its days.
    pub zone: Option<String>,
    /// The time between two polls of a source.
    pub interval_seconds: f64,
    /// The fleet's name.
    pub title: Option<Label>,
}

/// A hub that is followed.
#[derive(Debug)]
pub struct Attachment {
    /// The hub's snapshots; while it is silent, the last one without what is unknown.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Its ledger.
    pub store: Store,
    /// What it says of itself.
    pub about: HubAbout,
}

/// Asks a hub what it is: for a hub that may not be there.
///
/// # Errors
/// Why it does not answer.
pub async fn about(client: &mut HubClient) -> Result<HubAbout, ScrapeError> {
    let ask = async {
        let response = client.get("/api/v1/about").await?;
        response.json::<HubAbout>().await.map_err(|_| ScrapeError::Other(Label::new("this is no margintop hub")))
    };
    timeout(FIRST, ask).await.unwrap_or(Err(ScrapeError::TimedOut))
}

/// Connects to a hub, and follows it until the receiver of its snapshots is dropped. Snapshots and money are recorded in
/// `history`.
///
/// # Errors
/// Why the hub does not send a first snapshot.
pub async fn attach(mut client: HubClient, history: History, runtime: &Handle) -> Result<Attachment, ScrapeError> {
    let about = about(&mut client).await?;
    let store = remote_store(client.another(), runtime)?;
    let mut stream = timeout(FIRST, FrameStream::open(&mut client)).await.unwrap_or(Err(ScrapeError::TimedOut))?;
    let first = timeout(FIRST, stream.next(&client)).await.unwrap_or(Err(ScrapeError::TimedOut))?;
    let last = Arc::new(first);
    let (publish, snapshots) = watch::channel(Arc::clone(&last));
    let interval = Span::from_millis((about.interval_seconds * 1000.0) as i64);
    let viewer = Viewer {
        client,
        publish,
        history,
        store: store.clone(),
        interval,
        money: HubMoney::default(),
        last,
        heard: Clock::System.now(),
        soonest: None,
    };
    runtime.spawn(viewer.follow(stream));
    Ok(Attachment { snapshots, store, about })
}

/// The store of a hub's ledger: each question is a request.
fn remote_store(client: HubClient, runtime: &Handle) -> Result<Store, ScrapeError> {
    let (questions, mut waiting) = mpsc::unbounded_channel::<RemoteQuestion>();
    let (name, hub) = (client.origin().to_string(), PathBuf::from(client.origin().as_str()));
    runtime.spawn(async move {
        let mut client = client;
        while let Some(question) = waiting.recv().await {
            match question {
                RemoteQuestion::Past { since, until, finest, borne, answer } => {
                    let past = ask_past(&mut client, (since, until), finest, borne).await;
                    answer(past.map_err(|why| StoreError::Io(hub.clone(), why)));
                }
                RemoteQuestion::Events { count: _, answer } => answer(ask_log(&mut client).await.unwrap_or_default()),
            }
        }
    });
    let ask = move |question| {
        let _ = questions.send(question);
    };
    Store::remote(&name, ask).map_err(|error| ScrapeError::Other(Label::new(&error.to_string())))
}

async fn ask_past(
    client: &mut HubClient,
    (since, until): (Timestamp, Timestamp),
    finest: Grain,
    borne: bool,
) -> Result<Past, String> {
    let grain = match finest {
        Grain::Minute => "minute",
        Grain::Quarter => "quarter",
        Grain::Day => "day",
    };
    let (since, until, borne) = (since.millis(), until.millis(), u8::from(borne));
    let path = format!("/api/v1/past?since={since}&until={until}&grain={grain}&borne={borne}");
    let ask = async {
        let response = client.get(&path).await.map_err(|error| error.to_string())?;
        let bytes = response.bytes().await.map_err(|error| client.failure(&error).to_string())?;
        // What is no past is the reason why there is none, in a line.
        decode_past(&bytes).map_err(|error| match std::str::from_utf8(&bytes) {
            Ok(why) if why.len() < 1000 => why.trim().to_owned(),
            _ => error.to_string(),
        })
    };
    timeout(PAST, ask).await.unwrap_or_else(|_| Err("the hub does not answer in time".to_owned()))
}

async fn ask_log(client: &mut HubClient) -> Option<Vec<HistoryEvent>> {
    let ask = async { client.get("/api/v1/log").await.ok()?.json().await.ok() };
    timeout(PAST, ask).await.ok().flatten()
}

/// A stream of snapshots.
struct FrameStream {
    response: reqwest::Response,
    reader: FrameReader,
}

impl FrameStream {
    async fn open(client: &mut HubClient) -> Result<Self, ScrapeError> {
        Ok(Self { response: client.get("/api/v1/attach").await?, reader: FrameReader::default() })
    }

    /// The next snapshot.
    async fn next(&mut self, client: &HubClient) -> Result<Snapshot, ScrapeError> {
        loop {
            let chunk = self.response.chunk().await.map_err(|error| client.failure(&error))?;
            let Some(chunk) = chunk else { return Err(ScrapeError::Cut(0)) };
            match self.reader.take(&chunk) {
                Ok(Some(snapshot)) => return Ok(snapshot),
                Ok(None) => {}
                Err(error) => return Err(ScrapeError::Other(Label::new(&cause(error)))),
            }
        }
    }
}

fn cause(error: FrameError) -> String {
    match error {
        FrameError::Malformed => {
            format!("{error}: hub and viewer must have the same version, this one is {}", env!("CARGO_PKG_VERSION"))
        }
        FrameError::OutOfOrder | FrameError::TooLarge => error.to_string(),
    }
}

/// Follows the hub.
struct Viewer {
    client: HubClient,
    publish: watch::Sender<Arc<Snapshot>>,
    history: History,
    store: Store,
    interval: Span,
    money: HubMoney,
    last: Arc<Snapshot>,
    /// When it came.
    heard: Moment,
    /// The shortest time between a snapshot's own time and its arrival, by both clocks.
    soonest: Option<Span>,
}

impl Viewer {
    async fn follow(mut self, mut stream: FrameStream) {
        let first = Arc::clone(&self.last);
        self.note(&first);
        let mut wait = AGAIN.0;
        loop {
            let mut why = self.read(&mut stream).await;
            self.money.begin_again();
            stream = loop {
                let hub = self.client.origin().to_string();
                let shown = ShownSilence { publish: &self.publish, last: &self.last, heard: self.heard, hub: &hub };
                let again = async {
                    sleep(wait).await;
                    timeout(FIRST, FrameStream::open(&mut self.client)).await.unwrap_or(Err(ScrapeError::TimedOut))
                };
                match shown.during(&why.to_string(), again).await {
                    None => return,
                    Some(Ok(open)) => break open,
                    Some(Err(error)) => why = error,
                }
                wait = (wait * 2).min(AGAIN.1);
            };
            wait = AGAIN.0;
        }
    }

    /// Publishes snapshots until the stream ends, and returns why it did.
    async fn read(&mut self, stream: &mut FrameStream) -> ScrapeError {
        loop {
            let read = {
                let next = stream.next(&self.client);
                tokio::pin!(next);
                loop {
                    tokio::select! {
                        read = &mut next => break read,
                        () = sleep(LOOK) => {
                            if self.publish.is_closed() || Clock::System.now().since(self.heard) > BROKEN {
                                break Err(ScrapeError::TimedOut);
                            }
                            let (publish, last, heard) = (&self.publish, &*self.last, self.heard);
                            let hub = self.client.origin().as_str();
                            ShownSilence { publish, last, heard, hub }.show("no snapshot comes");
                        }
                    }
                }
            };
            match read {
                Ok(snapshot) => self.take(snapshot),
                Err(error) => return error,
            }
        }
    }

    fn take(&mut self, mut snapshot: Snapshot) {
        let now = Clock::System.now();
        let took = now.wall - snapshot.at;
        let soonest = self.soonest.map_or(took, |soonest| soonest.min(took));
        self.soonest = Some(soonest);
        let late = took - soonest;
        if late > LATE {
            snapshot.source_errors.push(silence::late(self.client.origin().as_str(), late));
        }
        self.heard = now;
        self.note(&snapshot);
        self.last = Arc::new(snapshot);
        self.publish.send_replace(Arc::clone(&self.last));
    }

    /// Records a snapshot, and asks for its money.
    fn note(&mut self, snapshot: &Snapshot) {
        self.history.record(snapshot, self.interval);
        self.money.follow(&self.store, &self.history, snapshot.at);
    }
}

/// What is shown while no snapshot comes.
#[derive(Debug, Clone, Copy)]
struct ShownSilence<'v> {
    publish: &'v watch::Sender<Arc<Snapshot>>,
    last: &'v Snapshot,
    /// When the last snapshot came.
    heard: Moment,
    hub: &'v str,
}

impl ShownSilence<'_> {
    /// Waits for something, and shows meanwhile how long the silence lasts; `None` if the receiver of snapshots is gone.
    async fn during<T>(self, cause: &str, awaited: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(awaited);
        loop {
            if self.publish.is_closed() {
                return None;
            }
            self.show(cause);
            tokio::select! {
                done = &mut awaited => return Some(done),
                () = sleep(LOOK) => {}
            }
        }
    }

    /// Publishes what is still known of the last snapshot, once rows are stale.
    fn show(self, cause: &str) {
        let silence = Clock::System.now().since(self.heard);
        if silence >= STALE {
            self.publish.send_replace(Arc::new(silence::after(self.last, silence, self.hub, cause)));
        }
    }
}
