//! `/api/v1/events`: server-sent events. Each new snapshot is one, and a client that is slow is told what it missed.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use super::present::HubPresent;
use crate::units::Timestamp;
use crate::wire::{Answer, Bytes, PartSender, PartsResponse, Request, Response};

/// How long a client may leave its events unread.
const PATIENCE: Duration = Duration::from_secs(75);
/// The longest silence: a comment is sent, so that both ends see a broken connection.
const SILENCE: Duration = Duration::from_secs(15);

/// A slow client is told what it missed if that is longer than this, in seconds: several come in a second at most.
const LAG: f64 = 1.5;

/// What a slow client has missed.
#[derive(Debug, Serialize)]
struct LagText {
    /// The time between the snapshot that was sent last and the next one, in seconds.
    seconds: f64,
    /// The time of the next one.
    at: Timestamp,
}

/// Answers with a stream of events: `snapshot` without rows, or with all of them if `rows=all` is asked for.
pub(super) fn answer(presents: watch::Receiver<Arc<HubPresent>>, request: &Request) -> Answer {
    let rows = match request.parameter("rows") {
        None | Some("none") => false,
        Some("all") => true,
        Some(_) => return Response::status(400, "rows: write all, or none\n").into(),
    };
    let (response, parts) = PartsResponse::new(PartsResponse::EVENTS);
    tokio::spawn(send(presents, parts, rows));
    Answer::Parts(response)
}

/// Sends each new snapshot until the client leaves or reads nothing for too long.
async fn send(mut presents: watch::Receiver<Arc<HubPresent>>, parts: PartSender, rows: bool) {
    let mut sent: Option<Timestamp> = None;
    presents.mark_changed();
    loop {
        // Snapshots that came while the last one was sent replaced each other.
        let is_late = presents.has_changed().unwrap_or(false);
        let changed = tokio::select! {
            changed = timeout(SILENCE, presents.changed()) => changed,
            () = parts.closed() => return,
        };
        let text = match changed {
            Err(_) => ": still here\n\n".to_owned(),
            Ok(Err(_)) => return,
            Ok(Ok(())) => {
                let now = Arc::clone(&presents.borrow_and_update());
                let before = sent.replace(now.snapshot.at).filter(|_| is_late);
                events(&now, before, rows)
            }
        };
        if !matches!(timeout(PATIENCE, parts.send(Bytes::from(text))).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// The events of a snapshot: how far the client was behind, if `before` was sent late, and itself.
fn events(now: &HubPresent, before: Option<Timestamp>, rows: bool) -> String {
    let (mut text, at) = (String::new(), now.snapshot.at);
    if let Some(seconds) = before.map(|before| (at - before).as_secs_f64()).filter(|seconds| *seconds > LAG) {
        let lag = serde_json::to_string(&LagText { seconds, at }).unwrap_or_default();
        push(&mut text, "lag", &lag);
    }
    let snapshot = if rows { now.json() } else { now.summary() };
    push(&mut text, "snapshot", &String::from_utf8_lossy(&snapshot));
    text
}

/// Appends an event. JSON has no line feed outside its strings, where it is escaped.
fn push(text: &mut String, event: &str, data: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "event: {event}\ndata: {data}\n\n");
}
