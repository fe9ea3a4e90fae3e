//! `POST /api/v1/markers`: a moment that is marked in the ledger, like a deployment.

use std::sync::Arc;

use serde::Deserialize;

use crate::reading::Label;
use crate::units::Timestamp;
use crate::wire::{Request, Response};

/// The most characters of a marker's text.
const LONGEST: usize = 200;

/// A marker that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerRequest {
    /// What happened.
    pub text: Label,
    /// When; `None` is now.
    pub at: Option<Timestamp>,
}

/// Takes markers without waiting; the error is a text for the client.
#[derive(Clone)]
pub struct MarkerSink(Arc<dyn Fn(MarkerRequest) -> Result<(), String> + Send + Sync>);

impl MarkerSink {
    /// A sink that hands markers to `take`.
    pub fn new(take: impl Fn(MarkerRequest) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }
}

impl std::fmt::Debug for MarkerSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MarkerSink")
    }
}

/// The body of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkerBody {
    text: String,
    at: Option<String>,
}

/// Answers a post.
pub(super) fn answer(sink: Option<&MarkerSink>, request: &Request) -> Response {
    let Some(sink) = sink else {
        return Response::status(409, "the ledger is kept in memory, or by another process: no marker can be kept\n");
    };
    // A page of another site cannot post this type without being asked first, which is refused.
    let is_json = request.content_type.as_deref().is_some_and(|given| {
        given.split(';').next().is_some_and(|given| given.trim().eq_ignore_ascii_case(Response::JSON))
    });
    if !is_json {
        return Response::status(415, "send Content-Type: application/json\n");
    }
    match read(&request.body).and_then(|marker| (sink.0)(marker)) {
        Ok(()) => Response { status: 202, ..Response::json("{\"marked\":true}\n") },
        Err(why) => Response::status(400, format!("{why}\n")),
    }
}

fn read(body: &[u8]) -> Result<MarkerRequest, String> {
    const LIKE: &str = "send {\"text\": \"deploy 1.4\"}, with \"at\": \"2026-11-28T12:00:00Z\" if it is not now";
    let body: MarkerBody = serde_json::from_slice(body).map_err(|error| format!("{error}: {LIKE}"))?;
    let text: String = body.text.chars().take(LONGEST).collect();
    let text = Label::new(text.trim());
    if text.as_str().is_empty() {
        return Err(format!("the text is empty: {LIKE}"));
    }
    let at = match body.at.as_deref().map(str::parse::<jiff::Timestamp>) {
        None => None,
        Some(Ok(at)) => Some(Timestamp::from_millis(at.as_millisecond())),
        Some(Err(error)) => return Err(format!("at: {error}: {LIKE}")),
    };
    Ok(MarkerRequest { text, at })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::wire::{Bytes, Method};

    fn post(body: &'static str, content_type: Option<&str>) -> Request {
        Request {
            method: Method::Post,
            content_type: content_type.map(str::to_owned),
            body: Bytes::from_static(body.as_bytes()),
            ..Request::get("/api/v1/markers")
        }
    }

    #[test]
    fn a_marker_is_taken_as_json_only() {
        let taken: Arc<Mutex<Vec<MarkerRequest>>> = Arc::default();
        let inbox = taken.clone();
        let sink = MarkerSink::new(move |marker| {
            inbox.lock().unwrap().push(marker);
            Ok(())
        });
        let status = |body, kind| answer(Some(&sink), &post(body, kind)).status;
        assert_eq!(status(r#"{"text": "deploy 1.4"}"#, Some("application/json; charset=utf-8")), 202);
        assert_eq!(status(r#"{"text": "x", "at": "2026-11-28T12:00:00Z"}"#, Some("application/json")), 202);
        assert_eq!(status(r#"{"text": "deploy"}"#, Some("text/plain")), 415);
        assert_eq!(status(r#"{"text": "deploy"}"#, None), 415);
        for wrong in ["", "{}", r#"{"text": " "}"#, r#"{"text": "x", "when": 1}"#, r#"{"text": "x", "at": "noon"}"#] {
            assert_eq!(status(wrong, Some("application/json")), 400, "{wrong}");
        }
        let taken = taken.lock().unwrap();
        assert_eq!(taken.len(), 2);
        assert_eq!((taken[0].text.as_str(), taken[0].at), ("deploy 1.4", None));
        assert_eq!(taken[1].at, Some(Timestamp::from_millis(1_795_867_200_000)));
        assert_eq!(answer(None, &post("{}", Some("application/json"))).status, 409);
    }
}
