//! The bodies of answers: whole, or a stream of parts.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc;

use super::Response;

/// The parts that wait for a slow client. Its sender waits for room, and then continues with the newest one.
const WAITING: usize = 2;

/// What a handler answers.
#[derive(Debug)]
pub enum Answer {
    /// A response as a whole.
    Whole(Response),
    /// A response whose parts are sent as they come.
    Parts(PartsResponse),
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Whole(response)
    }
}

/// A response whose parts are sent as they come, until their sender is dropped.
#[derive(Debug)]
pub struct PartsResponse {
    /// The `Content-Type`.
    pub content_type: &'static str,
    parts: mpsc::Receiver<Bytes>,
}

/// The sender of a response's parts. It is closed when the client leaves.
pub type PartSender = mpsc::Sender<Bytes>;

impl PartsResponse {
    /// Server-sent events.
    pub const EVENTS: &'static str = "text/event-stream";
    /// Binary parts, each with its length before it.
    pub const BINARY: &'static str = "application/octet-stream";

    /// A response, and the sender of its parts.
    pub fn new(content_type: &'static str) -> (Self, PartSender) {
        let (sender, parts) = mpsc::channel(WAITING);
        (Self { content_type, parts }, sender)
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum OutgoingBody {
    Whole(Option<Bytes>),
    Parts(mpsc::Receiver<Bytes>),
}

impl OutgoingBody {
    pub(super) fn parts(response: PartsResponse) -> Self {
        Self::Parts(response.parts)
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Parts(parts) => parts.poll_recv(context).map(|part| part.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(body) if body.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Parts(_) => SizeHint::default(),
        }
    }
}
