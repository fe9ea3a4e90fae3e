//! What a dashboard that is attached to the hub asks: the stream of snapshots, the past, the log and the hub itself.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::present::HubPresent;
use crate::attach::{Frame, FrameWriter, PREAMBLE, encode_past};
use crate::history::{EVENTS_KEPT, HistoryEvent};
use crate::ledger::{Grain, Past};
use crate::reading::Label;
use crate::store::{Store, StoreError};
use crate::units::{Span, Timestamp};
use crate::wire::{Answer, Bytes, PartSender, PartsResponse, Request, Response};

/// The time between two frames: one second, however often snapshots come.
const EVERY: Duration = Duration::from_secs(1);
/// How long a client may leave its frames unread.
const PATIENCE: Duration = Duration::from_secs(75);
/// The longest span of a past that is asked for: a month and its margins.
const LONGEST: Span = Span::from_secs(32 * 86_400);

/// The hub as its viewers know it.
#[derive(Debug, Clone, Serialize)]
pub struct AboutHub {
    /// The version of the program.
    pub version: &'static str,
    /// The time zone in which days begin.
    pub zone: Option<String>,
    /// The time between two polls of a source.
    pub interval_seconds: f64,
    /// The fleet's name, if it has one.
    pub title: Option<Label>,
}

/// What attached dashboards are sent. Frames are made only while somebody reads them.
#[derive(Debug, Clone)]
pub(super) struct Viewers {
    frames: Arc<watch::Sender<Option<Arc<SharedFrame>>>>,
    arrival: Arc<Notify>,
    store: Store,
    about: AboutHub,
}

/// One snapshot's frame, for all viewers.
#[derive(Debug)]
struct SharedFrame {
    frame: Frame,
    whole: OnceLock<Bytes>,
    difference: OnceLock<Option<Bytes>>,
}

impl SharedFrame {
    fn whole(&self) -> Bytes {
        self.whole.get_or_init(|| self.frame.whole().into()).clone()
    }

    fn difference(&self) -> Option<Bytes> {
        self.difference.get_or_init(|| self.frame.difference().map(Into::into)).clone()
    }
}

impl Viewers {
    pub(super) fn new(present: watch::Receiver<Arc<HubPresent>>, store: Store, about: AboutHub) -> Self {
        let (frames, arrival) = (Arc::new(watch::channel(None).0), Arc::new(Notify::new()));
        tokio::spawn(make_frames(present, Arc::clone(&frames), Arc::clone(&arrival)));
        Self { frames, arrival, store, about }
    }

    /// The stream of snapshots.
    pub(super) fn stream(&self) -> Answer {
        let (response, parts) = PartsResponse::new(PartsResponse::BINARY);
        if self.frames.receiver_count() == 0 {
            // The last frame was made when the last viewer left.
            self.frames.send_replace(None);
        }
        let frames = self.frames.subscribe();
        self.arrival.notify_one();
        tokio::spawn(send(frames, parts));
        Answer::Parts(response)
    }

    /// A span of the ledger.
    pub(super) fn past(&self, request: &Request) -> Answer {
        let (since, until, finest, borne) = match span(request) {
            Ok(span) => span,
            Err(why) => return Response::status(400, format!("{why}\n")).into(),
        };
        let (sender, answer) = oneshot::channel();
        let reply = move |past: Result<Past, StoreError>| {
            let _ = sender.send(past.map(|past| encode_past(&past)));
        };
        if borne {
            self.store.borne_past(since, until, finest, Box::new(reply));
        } else {
            self.store.past(since, until, finest, Box::new(reply));
        }
        later(PartsResponse::BINARY, async move {
            match answer.await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(error)) => format!("{error}\n").into_bytes(),
                Err(_) => b"the ledger does not answer\n".to_vec(),
            }
        })
    }

    /// The latest events of the log.
    pub(super) fn log(&self) -> Answer {
        let (sender, answer) = oneshot::channel::<Vec<HistoryEvent>>();
        let reply = move |events| {
            let _ = sender.send(events);
        };
        self.store.events(EVENTS_KEPT, Box::new(reply));
        later(Response::JSON, async move { serde_json::to_vec(&answer.await.unwrap_or_default()).unwrap_or_default() })
    }

    /// The hub itself.
    pub(super) fn about(&self) -> Response {
        serde_json::to_vec(&self.about).map_or_else(|error| Response::status(500, format!("{error}\n")), Response::json)
    }
}

/// An answer whose only part comes later: a handler does not wait.
fn later(content_type: &'static str, body: impl Future<Output = Vec<u8>> + Send + 'static) -> Answer {
    let (response, parts) = PartsResponse::new(content_type);
    tokio::spawn(async move {
        let body = body.await;
        let _ = timeout(PATIENCE, parts.send(Bytes::from(body))).await;
    });
    Answer::Parts(response)
}

fn span(request: &Request) -> Result<(Timestamp, Timestamp, Grain, bool), String> {
    let instant = |key: &str| {
        let millis = request.parameter(key).and_then(|text| text.parse::<i64>().ok());
        millis.map(Timestamp::from_millis).ok_or_else(|| format!("{key}: write milliseconds since 1970"))
    };
    let (since, until) = (instant("since")?, instant("until")?);
    if until < since || until - since > LONGEST {
        return Err("until: write an instant after since, at most 32 days later".to_owned());
    }
    let finest = match request.parameter("grain") {
        Some("minute") => Grain::Minute,
        Some("quarter") => Grain::Quarter,
        Some("day") => Grain::Day,
        _ => return Err("grain: write minute, quarter or day".to_owned()),
    };
    Ok((since, until, finest, request.parameter("borne") == Some("1")))
}

/// Makes a frame a second while anybody reads them.
async fn make_frames(
    mut present: watch::Receiver<Arc<HubPresent>>,
    frames: Arc<watch::Sender<Option<Arc<SharedFrame>>>>,
    arrival: Arc<Notify>,
) {
    let mut writer = FrameWriter::default();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if frames.receiver_count() == 0 {
            arrival.notified().await;
            // The first viewer is not kept waiting.
            ticks.reset_immediately();
        }
        ticks.tick().await;
        let snapshot = Arc::clone(&present.borrow_and_update().snapshot);
        let frame = SharedFrame { frame: writer.next(&snapshot), whole: OnceLock::new(), difference: OnceLock::new() };
        frames.send_replace(Some(Arc::new(frame)));
        if present.changed().await.is_err() {
            return;
        }
    }
}

/// Sends each frame to one viewer: the difference if it has the one before, all of it if it missed one.
async fn send(mut frames: watch::Receiver<Option<Arc<SharedFrame>>>, parts: PartSender) {
    let mut last = None;
    if parts.send(Bytes::from_static(PREAMBLE)).await.is_err() {
        return;
    }
    loop {
        let frame = frames.borrow_and_update().clone();
        if let Some(frame) = frame {
            let number = frame.frame.number();
            let is_next = last.is_some_and(|last: u64| last + 1 == number);
            if last != Some(number) {
                let bytes = if is_next { frame.difference() } else { None }.unwrap_or_else(|| frame.whole());
                if !matches!(timeout(PATIENCE, parts.send(bytes)).await, Ok(Ok(()))) {
                    return;
                }
                last = Some(number);
            }
        }
        tokio::select! {
            changed = frames.changed() => if changed.is_err() { return },
            () = parts.closed() => return,
        }
    }
}
